import * as fc from "fast-check";
import { createLeash, type Json, type Leash, memoryKeyRing, type Row, type Store } from "@leashkit/core";
import { type FakeClock, fakeClock, seededRandom } from "@leashkit/core/testing";
import { ALLOWANCE_RETENTION, DENIAL_RETENTION } from "../../core/approvals/retention.ts";
import { LEASE_RETENTION } from "../../core/journal/presence.ts";
import { COUNTER_RETENTION } from "../../core/limits/rows.ts";
import { sweep } from "../../core/store/sweep.ts";

const HOUR = 3_600_000;
export const SWEPT = [DENIAL_RETENTION, ALLOWANCE_RETENTION, COUNTER_RETENTION, LEASE_RETENTION];

const POLICY = `leash: 1
tools: { buy: { money: { amount: input.amount, currency: input.currency, currencies: [USD] } } }
rules:
  - id: mail
    action: mail
    effect: approve
    approval: { deny_memory: 5h, again: { uses: 2, for: 8h, vary: [input.text], session: false } }
  - { id: buy, action: buy, effect: allow }
limits:
  - { id: rolling, action: buy, sum: money.amount, per: [money.currency], window: 96h, max: 100 }
  - { id: fixed, action: buy, sum: money.amount, per: [money.currency], window: 7d, fixed: true, max: 250 }
  - { id: mails, action: mail, per: [agent], window: 24h, max: 3 }`;

/** What happens next. */
export type Step =
  | { readonly kind: "mail"; readonly number: number; readonly pauses: boolean }
  | { readonly kind: "buy"; readonly number: number; readonly amount: number; readonly fails: boolean }
  | { readonly kind: "approve" | "permit" | "deny" | "revoke" }
  | { readonly kind: "advance"; readonly hours: number };

const number = fc.nat(4);

/** Mostly what leaves rows behind, and time enough that some of them are over. */
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("mail" as const), number, pauses: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("buy" as const),
        number,
        amount: fc.integer({ min: 1, max: 90 }),
        fails: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom("approve" as const, "permit" as const, "deny" as const, "revoke" as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("advance" as const), hours: fc.constantFrom(1, 6, 25, 40, 200) }),
    },
  ),
  { minLength: 4, maxLength: 24 },
);

export interface World {
  readonly store: Store;
  readonly leash: Leash;
  readonly clock: FakeClock;
}

/** Two of them that take the same steps do the same. */
export async function openWorld(open: (clock: FakeClock) => Promise<Store>): Promise<World> {
  const clock = fakeClock();
  const random = seededRandom(7);
  const store = await open(clock);
  const keys = memoryKeyRing({ clock, random });
  // Receipts are signed beside the calls and draw from the same randomness, sooner or later.
  const leash = await createLeash({
    policy: { text: POLICY },
    store,
    keys,
    clock,
    random,
    notify: [],
    receipts: false,
  });
  for (const id of ["mail", "buy"]) leash.register({ id });
  return { store, leash, clock };
}

const interrupt = new Error("the run pauses");

/** Takes one step, and gives what whoever took it sees. */
export async function take({ clock, leash }: World, step: Step): Promise<unknown> {
  const desk = leash.desk({ id: "ann" });
  switch (step.kind) {
    case "advance":
      return clock.advance(step.hours * HOUR);
    case "revoke": {
      const [first] = await desk.allowances();
      return first && (await desk.revokeAllowance(first.id)).used;
    }
    case "approve":
    case "permit":
    case "deny": {
      const [first] = await desk.pending();
      if (first === undefined) return undefined;
      if (step.kind === "deny") return (await desk.deny(first.id)).status;
      return (await desk.approve(first.id, step.kind === "permit" ? { again: true } : {})).status;
    }
    case "mail":
      return attempt(leash, step, { to: "ann", text: `${step.number}` }, () => {
        if (step.pauses) throw interrupt;
        return "sent";
      });
    default:
      return attempt(leash, step, { amount: step.amount, currency: "USD" }, () => {
        if (step.fails) throw new Error("the shop is closed");
        return "bought";
      });
  }
}

async function attempt(leash: Leash, step: Step & { readonly number: number }, input: Json, run: () => string) {
  const call = { tool: step.kind, input, scope: "thread", callId: `${step.kind}-${step.number}` };
  try {
    const ended = await leash.attempt(call, run, { pause: "defer", suspends: (thrown) => thrown === interrupt });
    return "error" in ended ? [ended.kind, codeOf(ended.error)] : ended;
  } catch (error) {
    return ["thrown", codeOf(error)];
  }
}

function codeOf(error: unknown): unknown {
  const { code, reason, message } = error as { code?: unknown; reason?: unknown; message?: unknown };
  return [code, reason ?? (code === undefined ? message : undefined)];
}

/** All that stands to be seen through the public interface. */
export async function visibleIn({ leash }: World): Promise<unknown> {
  const desk = leash.desk({ id: "ann" });
  const log: unknown[] = [];
  for await (const line of leash.exportLog()) log.push(withoutPlace(JSON.parse(line) as Record<string, unknown>));
  return {
    log,
    report: (await leash.verifyLog()).ok,
    pending: (await desk.pending()).map(({ ref, text }) => [ref, text]),
    allowances: (await desk.allowances()).map(({ tool, used, expiresAt }) => [tool, used, expiresAt]),
    unsettled: (await leash.journal({ id: "ann" }).unsettled()).map(({ state, tool }) => [state, tool]),
  };
}

function withoutPlace({ type, decision, action_id, ts }: Record<string, unknown>): unknown {
  return [type, decision, action_id, ts];
}

/** Two processes sweep at once. */
export async function sweepTwice({ store }: World): Promise<void> {
  await Promise.all([sweep(store, SWEPT), sweep(store, SWEPT)]);
}

export async function rowsIn({ store }: World): Promise<readonly Row[]> {
  const pages = SWEPT.map(({ kind }) => store.list(kind, { limit: 1_000 }));
  return (await Promise.all(pages)).flat();
}
