import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { createLeash, type JournalEntry, type Leash, memoryKeyRing, memoryStore, type Store } from "@leashkit/core";
import { fakeClock, scriptedPolicy } from "@leashkit/core/testing";
import { thrown } from "../support/thrown.ts";

/** A store whose answer to a grant waits until it is let go. */
function stalling(inner: Store): {
  readonly store: Store;
  readonly written: Promise<void>;
  readonly letGo: () => void;
} {
  let tell = (): void => undefined;
  let letGo = (): void => undefined;
  const written = new Promise<void>((resolve) => (tell = resolve));
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const commit: Store["commit"] = async (changes, append) => {
    const result = await inner.commit(changes, append);
    if (!changes.some(({ kind }) => kind === "journal")) return result;
    tell();
    await gate;
    return result;
  };
  return { store: { ...inner, commit }, written, letGo: () => letGo() };
}

// Found by the simulation: seed 1000396 of the run of 2026-11-26.
it("I5: an attempt that was taken for dead writes its late outcome over its own unknown only, not over another attempt's", async () => {
  const clock = fakeClock();
  const inner = memoryStore({ clock });
  const keys = memoryKeyRing({ clock, random: randomBytes });
  const open = async (store: Store): Promise<Leash> => {
    const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), store, keys, clock, notify: [] });
    leash.register({ id: "sync", idempotent: true });
    return leash;
  };
  const slow = stalling(inner);
  const [one, two] = [await open(slow.store), await open(inner)];
  const call = { tool: "sync", input: {}, callId: "call-1", scope: "thread" };
  const away = new AbortController();
  const first = thrown(one.guard(call, () => "never", { signal: away.signal }));
  await slow.written;
  // Its lease runs out; the other process repeats the call, and nobody will know what became of that.
  clock.advance(31_000);
  const abort = new AbortController();
  const second = two.guard(
    call,
    () => {
      abort.abort();
      throw new Error("cut off in the middle");
    },
    { signal: abort.signal },
  );
  expect(await thrown(second)).toMatchObject({ message: "cut off in the middle" });
  const rows = async (): Promise<JournalEntry[]> =>
    (await inner.list("journal")).map(({ body }) => body as unknown as JournalEntry);
  const [unknown] = await rows();
  expect(unknown?.state).toBe("unknown");
  away.abort();
  slow.letGo();
  expect(await first).toMatchObject({ code: expect.stringMatching(/^LEASH_/u) });
  expect(await rows()).toEqual([unknown]);
});
