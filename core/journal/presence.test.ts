import { describe, expect, it } from "vitest";
import type { JournalEntry, Owner } from "../model/journal.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { fakeClock, type FakeClock } from "../testing/clock.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { thisOwner } from "./owner.ts";
import { createPresence, LEASE_MS, type Presence } from "./presence.ts";

const ELSEWHERE = "f".repeat(32);

function entryOf(owner: Owner | null): JournalEntry {
  return {
    v: 1,
    state: "running",
    tenant: "acme",
    callKey: "key",
    digest: "digest",
    finalDigest: "digest",
    tool: "buy",
    attempt: 1,
    attemptId: null,
    requestedAt: 0,
    approvalId: null,
    owner,
    startedAt: 0,
    endedAt: null,
    proofKid: null,
    outputRef: null,
    failure: null,
  };
}

/** Two processes on one store, of which the second runs on another machine. */
function pair(): { here: Presence; there: Presence; clock: FakeClock; store: Store } {
  const clock = fakeClock();
  const store = memoryStore({ clock });
  const here = createPresence(store, thisOwner("here"));
  const there = createPresence(store, { instance: "there", place: ELSEWHERE, pid: 1 });
  return { here, there, clock, store };
}

describe("presence", () => {
  it("knows the calls that run in this process, and only those", async () => {
    const { here } = pair();
    await here.enter("call-1");
    expect(await here.isRunning("call-1", entryOf(here.owner))).toBe(true);
    expect(await here.isRunning("call-2", entryOf(here.owner))).toBe(false);
    here.leave("call-1");
    expect(await here.isRunning("call-1", entryOf(here.owner))).toBe(false);
    await here.close(0);
  });

  it("takes a call for running until the last attempt that entered it left", async () => {
    const { here } = pair();
    await here.enter("call-1");
    await here.enter("call-1");
    here.leave("call-1");
    expect(await here.isRunning("call-1", entryOf(here.owner))).toBe(true);
    here.leave("call-1");
    here.leave("call-1");
    await here.enter("call-1");
    expect(await here.isRunning("call-1", entryOf(here.owner))).toBe(true);
    await here.close(0);
  });

  it("believes another process as long as its lease says, and not a millisecond longer", async () => {
    const { here, there, clock } = pair();
    await there.enter("call-1");
    expect(await here.isRunning("call-1", entryOf(there.owner))).toBe(true);
    clock.advance(LEASE_MS - 1);
    expect(await here.isRunning("call-1", entryOf(there.owner))).toBe(true);
    clock.advance(1);
    expect(await here.isRunning("call-1", entryOf(there.owner))).toBe(false);
    await there.close(0);
  });

  it("does not believe a lease whose process is known to be gone", async () => {
    const { here, store } = pair();
    const ghost = createPresence(store, { ...thisOwner("ghost"), pid: 2 ** 22 + 1 });
    await ghost.enter("call-1");
    expect(await here.isRunning("call-1", entryOf(ghost.owner))).toBe(false);
  });

  it("does not take a call without an owner, or of an owner without a lease, for running", async () => {
    const { here, there } = pair();
    expect(await here.isRunning("call-1", entryOf(null))).toBe(false);
    expect(await here.isRunning("call-1", entryOf(there.owner))).toBe(false);
  });

  it("makes sure that a lease covers the start: one that is half used up is renewed first", async () => {
    const { here, there, clock } = pair();
    await there.enter("call-1");
    clock.advance(LEASE_MS / 2 + 1);
    await there.enter("call-2");
    clock.advance(LEASE_MS - 1);
    expect(await here.isRunning("call-2", entryOf(there.owner))).toBe(true);
    await there.close(0);
  });

  it("shares one renewal among the calls that start together", async () => {
    const clock = fakeClock();
    let commits = 0;
    const store = faultyStore(memoryStore({ clock }), { failCommit: () => void (commits += 1) });
    const presence = createPresence(store, thisOwner("here"));
    await Promise.all(Array.from({ length: 20 }, async (_, index) => presence.enter(`call-${index}`)));
    expect(commits).toBe(1);
    await presence.close(0);
  });

  it("I5: does not vouch for an attempt that it entered before its lease ran out, and does for one since, of the same call too", async () => {
    const { here, clock } = pair();
    const before = await here.enter("call-1");
    clock.advance(LEASE_MS - 1);
    expect(here.isKept(before)).toBe(true);
    clock.advance(1);
    expect(here.isKept(before)).toBe(false);
    const since = await here.enter("call-1");
    expect([here.isKept(before), here.isKept(since)]).toEqual([false, true]);
    await here.close(0);
  });

  // Found by the simulation: seed 2018864 of the run of 2026-11-26.
  it("I5: vouches for no attempt where its lease ran out while the answer to a renewal was under way", async () => {
    const clock = fakeClock();
    const inner = memoryStore({ clock });
    let onTheWayMs = 0;
    const commit: Store["commit"] = async (...given) => {
      clock.advance(onTheWayMs);
      return inner.commit(...given);
    };
    const presence = createPresence({ ...inner, commit }, thisOwner("here"));
    const before = await presence.enter("call-1");
    clock.advance(LEASE_MS / 2 + 1);
    onTheWayMs = LEASE_MS / 2;
    const since = await presence.enter("call-2");
    onTheWayMs = 0;
    expect([presence.isKept(before), presence.isKept(since)]).toEqual([false, true]);
    await presence.close(0);
  });

  // Found by the simulation: seed 2018864 of the run of 2026-11-26.
  it("does not take a process for dead by a lease that has run out only since it was read", async () => {
    const { there, clock, store } = pair();
    const get: Store["get"] = async (...given) => {
      const row = await store.get(...given);
      clock.advance(LEASE_MS);
      return row;
    };
    const here = createPresence({ ...store, get }, thisOwner("here"));
    await there.enter("call-1");
    expect(await here.isRunning("call-1", entryOf(there.owner))).toBe(true);
    expect(await here.isRunning("call-1", entryOf(there.owner))).toBe(false);
    await there.close(0);
  });

  it("I5: lets no call start without a lease: when it cannot be written, entering fails", async () => {
    let down = true;
    const store = faultyStore(memoryStore(), { failCommit: () => (down ? "before" : undefined) });
    const presence = createPresence(store, thisOwner("here"));
    await expect(presence.enter("call-1")).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
    expect(await presence.isRunning("call-1", entryOf(presence.owner))).toBe(false);
    down = false;
    await presence.enter("call-1");
    expect(await presence.isRunning("call-1", entryOf(presence.owner))).toBe(true);
    await presence.close(0);
  });

  it("goes on after the answer to a lease that was written got lost", async () => {
    let commits = 0;
    const store = faultyStore(memoryStore(), { failCommit: () => ((commits += 1) === 1 ? "after" : undefined) });
    const presence = createPresence(store, thisOwner("here"));
    await expect(presence.enter("call-1")).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
    await presence.enter("call-2");
    expect(await presence.isRunning("call-2", entryOf(presence.owner))).toBe(true);
    await presence.close(0);
  });

  it("keeps its lease when it is closed while a call still runs, so that nobody else takes the call for lost", async () => {
    const { here, there } = pair();
    await there.enter("call-1");
    await there.close(0);
    expect(await here.isRunning("call-1", entryOf(there.owner))).toBe(true);
  });

  it("withdraws its lease when it is closed", async () => {
    const { here, there, store } = pair();
    await there.enter("call-1");
    there.leave("call-1");
    await there.close(0);
    expect(await store.get("instance", "there")).toBeUndefined();
    expect(await here.isRunning("call-1", entryOf(there.owner))).toBe(false);
  });

  it("keeps nothing when it is closed without having run anything, also on a store that fails", async () => {
    const store = faultyStore(memoryStore(), { failCommit: () => "before" });
    await createPresence(store, thisOwner("here")).close(0);
    expect(await store.list("instance")).toEqual([]);
  });
});
