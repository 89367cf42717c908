import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { createLeash, type JournalEntry, type Leash, memoryKeyRing, memoryStore, type Store } from "@leashkit/core";
import { type FakeClock, fakeClock, scriptedPolicy } from "@leashkit/core/testing";
import { codeOf, thrown } from "../support/thrown.ts";
import { stalling } from "./stalling.ts";

const KEYS = memoryKeyRing({ clock: fakeClock(), random: randomBytes });

async function openAt(clock: FakeClock, store: Store, idempotent: boolean): Promise<Leash> {
  const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), store, keys: KEYS, clock, notify: [] });
  leash.register({ id: "sync", idempotent });
  return leash;
}

async function rowsOf(store: Store): Promise<readonly JournalEntry[]> {
  return (await store.list("journal")).map(({ body }) => body as unknown as JournalEntry);
}

const CALL = { tool: "sync", input: {}, callId: "call-1", scope: "thread" };

// Found by the simulation: seed 1000396 of the run of 2026-11-26.
it("I5: an attempt that was taken for dead writes its late outcome over its own unknown only, not over another attempt's", async () => {
  const clock = fakeClock();
  const inner = memoryStore({ clock });
  const slow = stalling(inner);
  const [one, two] = [await openAt(clock, slow.store, true), await openAt(clock, inner, true)];
  const away = new AbortController();
  const first = thrown(one.guard(CALL, () => "never", { signal: away.signal }));
  await slow.written;
  // Its lease runs out; the other process repeats the call, and nobody will know what became of that.
  clock.advance(31_000);
  const abort = new AbortController();
  const second = two.guard(
    CALL,
    () => {
      abort.abort();
      throw new Error("cut off in the middle");
    },
    { signal: abort.signal },
  );
  expect(await thrown(second)).toMatchObject({ message: "cut off in the middle" });
  const [unknown] = await rowsOf(inner);
  expect(unknown?.state).toBe("unknown");
  away.abort();
  slow.letGo();
  expect(await first).toMatchObject({ code: expect.stringMatching(/^LEASH_/u) });
  expect(await rowsOf(inner)).toEqual([unknown]);
});

it("I5: an outcome that comes after a person's word on the call is not written over it", async () => {
  const clock = fakeClock();
  const store = memoryStore({ clock });
  const [one, two] = [await openAt(clock, store, false), await openAt(clock, store, false)];
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const late = codeOf(one.guard(CALL, () => (begin(), ended)));
  await begun;
  clock.advance(31_000);
  const journal = two.journal({ id: "ann" });
  const call = (await journal.unsettled())[0] ?? expect.fail("the call looks cut off");
  await journal.settle(call, "done");
  const settled = await rowsOf(store);
  end();
  expect(await late).toBe("LEASH_OUTCOME_UNKNOWN");
  expect(await rowsOf(store)).toEqual(settled);
});

it("I5: leave whose answer comes when the lease has run out is not used: others may have taken the call for cut off", async () => {
  const clock = fakeClock();
  const inner = memoryStore({ clock });
  const slow = stalling(inner);
  const [one, two] = [await openAt(clock, slow.store, false), await openAt(clock, inner, false)];
  const effects: string[] = [];
  const first = codeOf(one.guard(CALL, () => void effects.push("one")));
  await slow.written;
  clock.advance(31_000);
  const journal = two.journal({ id: "ann" });
  const call = (await journal.unsettled())[0] ?? expect.fail("the call looks cut off");
  // True as it is said: nothing happened so far.
  await journal.settle(call, "not_done");
  await two.guard(CALL, () => void effects.push("two"));
  slow.letGo();
  expect(await first).toMatch(/^LEASH_/u);
  expect(effects).toEqual(["two"]);
});
