import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLeash, isLeashError, memoryKeyRing, memoryStore, type Leash } from "@leashkit/core";
import { countingShop, fakeClock, scriptedPolicy } from "@leashkit/core/testing";
import { durable } from "../support/leash.ts";
import { pendingOf } from "../support/questions.ts";

const EXPIRES_IN_MS = 60_000;
const USE_WITHIN_MS = 20_000;
const CALL = durable("call-1", { amount: 60 });

/** What one of two processes does to the one approval. `who` also writes their name in another way. */
type Step =
  | { readonly kind: "approve" | "deny" | "revoke"; readonly who: string; readonly by: 0 | 1 }
  | { readonly kind: "use"; readonly by: 0 | 1 }
  | { readonly kind: "advance"; readonly ms: number };

/** What the design says of the approval, apart from the code that keeps it. */
interface Model {
  status: string;
  openedAt: number;
  settledAt: number;
  readonly yes: Set<string>;
}

async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "done";
  } catch (error) {
    if (isLeashError(error)) return error.code;
    throw error;
  }
}

function pass(model: Model, now: number): void {
  if (model.status === "pending" && now >= model.openedAt + EXPIRES_IN_MS) model.status = "expired";
  if (model.status === "approved" && now >= model.settledAt + USE_WITHIN_MS) model.status = "lapsed";
}

/** Moves the model, and gives what must come of the step. */
function expected(model: Model, step: Exclude<Step, { kind: "advance" }>, quorum: number, now: number): string {
  pass(model, now);
  const tooLate = model.status === "expired" ? "LEASH_EXPIRED" : "LEASH_DENIED";
  if (step.kind === "use") {
    if (model.status === "approved") model.status = "consumed";
    if (model.status === "consumed") return "done";
    if (model.status === "pending") return "LEASH_PENDING";
    return model.status === "expired" || model.status === "lapsed" ? "LEASH_EXPIRED" : "LEASH_DENIED";
  }
  if (step.kind === "revoke") {
    if (model.status !== "approved") return tooLate;
    model.status = "revoked";
    return "done";
  }
  if (model.status !== "pending") return tooLate;
  if (step.kind === "deny") {
    model.status = "denied";
    return "done";
  }
  const person = step.who.toLowerCase();
  if (model.yes.has(person)) return "LEASH_DENIED";
  model.yes.add(person);
  if (model.yes.size === quorum) Object.assign(model, { status: "approved", settledAt: now });
  return "done";
}

async function openWorld(quorum: number) {
  const clock = fakeClock();
  const store = memoryStore({ clock });
  const keys = memoryKeyRing({ clock, random: randomBytes });
  const shop = countingShop();
  const open = async (): Promise<Leash> => {
    const terms = { expiresInMs: EXPIRES_IN_MS, useWithinMs: USE_WITHIN_MS, quorum };
    const policy = scriptedPolicy(() => ({ effect: "approve", terms }));
    const leash = await createLeash({ policy, store, keys, clock, notify: [] });
    leash.register({ id: "buy" });
    return leash;
  };
  const leashes: readonly [Leash, Leash] = [await open(), await open()];
  const { approvalId } = await pendingOf(leashes[0], CALL);
  return { clock, shop, leashes, approvalId };
}

type World = Awaited<ReturnType<typeof openWorld>>;

function perform({ leashes, approvalId, shop }: World, step: Exclude<Step, { kind: "advance" }>): Promise<string> {
  const leash = leashes[step.by];
  if (step.kind === "use") return outcomeOf(leash.guard(CALL, shop.buy, { pause: "defer" }));
  return outcomeOf(leash.desk({ id: step.who })[step.kind](approvalId));
}

const by = fc.constantFrom<0 | 1>(0, 1);
const who = fc.constantFrom("ann", "ANN", "bob", "cleo", "dora");
const acts = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("approve" as const), who, by }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("deny" as const, "revoke" as const), who, by }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("use" as const), by }) },
);
const times = fc.record({
  kind: fc.constant("advance" as const),
  ms: fc.constantFrom(1, USE_WITHIN_MS - 1, USE_WITHIN_MS, EXPIRES_IN_MS - 1),
});
const quorums = fc.integer({ min: 1, max: 4 });

describe("the desk of many people, over any sequence", () => {
  it("I2: follows the model: never two executions, never one without its quorum", async () => {
    const steps = fc.array(fc.oneof({ weight: 6, arbitrary: acts }, { weight: 1, arbitrary: times }), {
      maxLength: 16,
    });
    await fc.assert(
      fc.asyncProperty(quorums, steps, async (quorum, sequence) => {
        const world = await openWorld(quorum);
        const { clock, shop, leashes, approvalId } = world;
        const model: Model = { status: "pending", openedAt: clock.now(), settledAt: 0, yes: new Set() };
        for (const step of sequence) {
          if (step.kind === "advance") clock.advance(step.ms);
          else expect(await perform(world, step)).toBe(expected(model, step, quorum, clock.now()));
        }
        pass(model, clock.now());
        expect((await leashes[1].desk({ id: "eve" }).get(approvalId)).status).toBe(model.status);
        expect(shop.orders).toHaveLength(model.status === "consumed" ? 1 : 0);
        expect(await leashes[0].verifyLog()).toMatchObject({ ok: true });
      }),
      { numRuns: 150 },
    );
  });

  it("I2: over any interleaving at once, runs at most once, and only with its quorum and no no", async () => {
    await fc.assert(
      fc.asyncProperty(quorums, fc.array(acts, { minLength: 2, maxLength: 20 }), async (quorum, sequence) => {
        const world = await openWorld(quorum);
        const { shop, leashes, approvalId } = world;
        const outcomes = await Promise.all(sequence.map((step) => perform(world, step)));
        const after = await leashes[0].desk({ id: "eve" }).get(approvalId);
        const yes = after.verdicts.filter(({ answer }) => answer === "approve").map(({ approver }) => approver);
        const people = new Set(yes.map((name) => name.toLowerCase()));
        expect(people.size).toBe(yes.length);
        expect(yes.length).toBeLessThanOrEqual(quorum);
        const done = (kind: Step["kind"]) =>
          sequence.filter((step, at) => step.kind === kind && outcomes[at] === "done");
        expect(done("approve")).toHaveLength(yes.length);
        expect(done("deny").length + done("revoke").length).toBeLessThanOrEqual(1);
        expect(shop.orders.length).toBe(after.status === "consumed" ? 1 : 0);
        if (shop.orders.length === 1) {
          expect(people.size).toBe(quorum);
          expect(done("deny").length + done("revoke").length).toBe(0);
        }
      }),
      { numRuns: 150 },
    );
  });
});
