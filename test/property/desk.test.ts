import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLeash, isLeashError, memoryKeyRing, memoryStore, type ApprovalStatus, type Leash } from "@leashkit/core";
import { countingShop, fakeClock, scriptedPolicy, type CountingShop, type FakeClock } from "@leashkit/core/testing";
import { durable, logOf } from "../support/leash.ts";

const EXPIRES_IN_MS = 60_000;
const USE_WITHIN_MS = 20_000;

/** What happens next to the one call; `by` is one of two desks on the same store. */
type Step =
  | { readonly kind: "propose" | "approve" | "deny"; readonly by: 0 | 1 }
  | { readonly kind: "race" | "burst" | "hold" | "abort" }
  | { readonly kind: "advance"; readonly ms: number };

/** What the design says the state is. */
interface Model {
  status: ApprovalStatus | "none";
  openedAt: number;
  settledAt: number;
  /** Records that the log must hold, by type. */
  readonly records: Map<string, number>;
}

interface World {
  readonly model: Model;
  readonly clock: FakeClock;
  readonly leashes: readonly [Leash, Leash];
  readonly shop: CountingShop;
  /** Approvals opened so far, latest last. */
  readonly ids: string[];
  /** A call of the program that waits in process. */
  holder: { readonly abort: AbortController; readonly outcome: Promise<unknown> } | undefined;
}

const CALL = durable("call-1", { amount: 60 });

/** The value, or the code of the error. */
async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (isLeashError(error)) return error.code;
    throw error;
  }
}

async function openWorld(): Promise<World> {
  const clock = fakeClock();
  const store = memoryStore({ clock });
  const keys = memoryKeyRing({ clock, random: randomBytes });
  const ids: string[] = [];
  const shop = countingShop();
  const open = async (): Promise<Leash> => {
    const terms = { expiresInMs: EXPIRES_IN_MS, useWithinMs: USE_WITHIN_MS };
    const policy = scriptedPolicy(() => ({ effect: "approve", terms }));
    const leash = await createLeash({ policy, store, keys, clock, notify: (approval) => void ids.push(approval.id) });
    leash.register({ id: "buy" });
    return leash;
  };
  const model: Model = { status: "none", openedAt: 0, settledAt: 0, records: new Map() };
  return { model, clock, leashes: [await open(), await open()], shop, ids, holder: undefined };
}

function count(model: Model, type: string): void {
  model.records.set(type, (model.records.get(type) ?? 0) + 1);
}

function move(model: Model, status: ApprovalStatus, record: string): void {
  model.status = status;
  count(model, record);
}

/** Whoever reads an approval next settles one whose time ran out. */
function touch({ model, clock }: World): void {
  if (model.status === "pending" && clock.now() >= model.openedAt + EXPIRES_IN_MS)
    move(model, "expired", "approval.expired");
  else if (model.status === "approved" && clock.now() >= model.settledAt + USE_WITHIN_MS)
    move(model, "lapsed", "approval.lapsed");
}

/** The holder wakes when the approval is settled: it consumes a yes at once, and ends with anything else. */
async function settleHolder(world: World): Promise<void> {
  const { model, holder } = world;
  if (holder === undefined || model.status === "pending") return;
  world.holder = undefined;
  const outcome = await holder.outcome;
  if (model.status === "approved") {
    expect(outcome).toEqual({ order: 1 });
    consumed(model);
  } else {
    expect(outcome).toBe(model.status === "denied" ? "LEASH_DENIED" : "LEASH_EXPIRED");
  }
}

function consumed(model: Model): void {
  move(model, "consumed", "approval.consumed");
  count(model, "granted");
  count(model, "executed");
}

function opened(world: World): void {
  const { model, clock } = world;
  move(model, "pending", "approval.opened");
  count(model, "decided");
  model.openedAt = clock.now();
}

/** What a call that does not wait must get in the present state. */
async function propose(world: World, by: 0 | 1): Promise<void> {
  const { model, leashes, shop, ids } = world;
  touch(world);
  const known = ids.length;
  const outcome = await outcomeOf(leashes[by].guard(CALL, shop.buy, { pause: "defer" }));
  switch (model.status) {
    case "none":
    case "cancelled":
      opened(world);
      // Where its equal was told of by this leash, people are told once it has found that nobody waits for that one any more.
      await expect.poll(() => ids.length).toBe(known + 1);
      expect(outcome).toBe("LEASH_PENDING");
      break;
    case "pending":
      expect(outcome).toBe("LEASH_PENDING");
      break;
    case "approved":
      consumed(model);
      expect(outcome).toEqual({ order: 1 });
      break;
    case "consumed":
      expect(outcome).toEqual({ order: 1 });
      break;
    default:
      expect(outcome).toBe(model.status === "denied" ? "LEASH_DENIED" : "LEASH_EXPIRED");
  }
  await settleHolder(world);
}

function settled(world: World, status: "approved" | "denied"): void {
  world.model.settledAt = world.clock.now();
  move(world.model, status, "approval.settled");
}

async function answer(world: World, verdict: "approve" | "deny", by: 0 | 1): Promise<void> {
  const { model, leashes, ids } = world;
  const id = ids.at(-1);
  if (id === undefined) return;
  touch(world);
  const before = model.status;
  const outcome = await outcomeOf(leashes[by].desk({ id: `person-${by}` })[verdict](id));
  if (before === "pending") {
    settled(world, verdict === "approve" ? "approved" : "denied");
    expect(outcome).toMatchObject({ status: model.status });
  } else {
    expect(outcome).toBe(before === "expired" ? "LEASH_EXPIRED" : "LEASH_DENIED");
  }
  await settleHolder(world);
}

/** Two people answer at the same moment: one of them wins. */
async function race(world: World): Promise<void> {
  const { model, leashes, ids } = world;
  const id = ids.at(-1);
  if (id === undefined) return;
  touch(world);
  const before = model.status;
  const [yes, no] = await Promise.all([
    outcomeOf(leashes[0].desk({ id: "ann" }).approve(id)),
    outcomeOf(leashes[1].desk({ id: "bob" }).deny(id)),
  ]);
  const winners = [yes, no].filter((outcome) => typeof outcome === "object");
  expect(winners).toHaveLength(before === "pending" ? 1 : 0);
  if (before === "pending") settled(world, winners[0] === yes ? "approved" : "denied");
  await settleHolder(world);
}

/** Six retries at once, over both processes. */
async function burst(world: World): Promise<void> {
  const { model, leashes, shop } = world;
  touch(world);
  if (model.status !== "approved" && model.status !== "consumed") return;
  if (model.status === "approved") consumed(model);
  const calls = [0, 1, 0, 1, 0, 1].map((by) => outcomeOf((by === 0 ? leashes[0] : leashes[1]).guard(CALL, shop.buy)));
  expect(await Promise.all(calls)).toEqual(calls.map(() => ({ order: 1 })));
}

async function hold(world: World): Promise<void> {
  const { model, leashes, shop, ids } = world;
  if (world.holder !== undefined) return;
  touch(world);
  if (model.status !== "none" && model.status !== "cancelled" && model.status !== "pending") return;
  const abort = new AbortController();
  const opens = model.status !== "pending";
  const known = ids.length;
  world.holder = { abort, outcome: outcomeOf(leashes[0].guard(CALL, shop.buy, { signal: abort.signal })) };
  if (!opens) return;
  await expect.poll(() => ids.length).toBe(known + 1);
  opened(world);
}

async function abortHolder(world: World): Promise<void> {
  const { model, holder } = world;
  if (holder === undefined) return;
  world.holder = undefined;
  touch(world);
  holder.abort.abort();
  // A question that expired before the caller went away ended by that, if the holder looked at it before it was told to stop.
  const ends = model.status === "expired" ? ["LEASH_ABORTED", "LEASH_EXPIRED"] : ["LEASH_ABORTED"];
  expect(ends).toContain(await holder.outcome);
  if (model.status === "pending") move(model, "cancelled", "approval.cancelled");
}

async function perform(world: World, step: Step): Promise<void> {
  switch (step.kind) {
    case "propose":
      return propose(world, step.by);
    case "approve":
    case "deny":
      return answer(world, step.kind, step.by);
    case "race":
      return race(world);
    case "burst":
      return burst(world);
    case "hold":
      return hold(world);
    case "abort":
      return abortHolder(world);
    case "advance":
      return world.clock.advance(step.ms);
  }
}

/** The store, the log and the effects agree with the model. */
async function check(world: World): Promise<void> {
  const { model, leashes, shop, ids } = world;
  const id = ids.at(-1);
  if (id !== undefined) expect((await leashes[1].desk({ id: "ann" }).get(id)).status).toBe(model.status);
  expect(shop.orders).toHaveLength(model.records.get("executed") ?? 0);
  expect(shop.orders.length).toBeLessThanOrEqual(1);
  expect(await leashes[0].verifyLog()).toMatchObject({ ok: true, firstBad: null });
  const written = new Map<string, number>();
  for (const { type } of await logOf(leashes[0])) written.set(String(type), (written.get(String(type)) ?? 0) + 1);
  written.delete("policy.loaded");
  expect(written).toEqual(model.records);
}

const desks = fc.constantFrom<0 | 1>(0, 1);
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("propose" as const, "approve" as const), by: desks }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("deny" as const), by: desks }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom("race" as const, "burst" as const, "hold" as const, "abort" as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("advance" as const),
        ms: fc.constantFrom(1, USE_WITHIN_MS - 1, USE_WITHIN_MS, EXPIRES_IN_MS - 1, EXPIRES_IN_MS),
      }),
    },
  ),
  { maxLength: 14 },
);

describe("the desk, over any interleaving", () => {
  it("I2: settles once, runs at most once per approval, and writes a record for every change of state", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const world = await openWorld();
        try {
          for (const step of sequence) await perform(world, step);
          touch(world);
          await check(world);
        } finally {
          await abortHolder(world).catch(() => undefined);
          await Promise.all(world.leashes.map((leash) => leash.close()));
        }
      }),
      { numRuns: 100 },
    );
  });
});
