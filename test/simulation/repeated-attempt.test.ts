import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { createLeash, type JournalEntry, memoryKeyRing, memoryStore, NoEffect } from "@leashkit/core";
import { fakeClock, faultyStore } from "@leashkit/core/testing";
import { codeOf, thrown } from "../support/thrown.ts";

const POLICY = `leash: 1
default: allow
limits: [{ id: cap, action: sync, window: 24h, max: 1 }]`;

// Found by the simulation: seed 7010413 of the run of 2026-11-26.
it("I5 I7: an attempt without effect does not speak for one before it whose outcome was lost: that stays counted", async () => {
  const clock = fakeClock();
  const inner = memoryStore({ clock });
  const keys = memoryKeyRing({ clock, random: randomBytes });
  let isDown = false;
  const store = faultyStore(inner, { failCommit: () => (isDown ? "before" : undefined) });
  const leash = await createLeash({ policy: { text: POLICY }, store, keys, clock, notify: [] });
  leash.register({ id: "sync", idempotent: true });
  const call = { tool: "sync", input: {}, callId: "call-1", scope: "thread" };
  // It went well, and the store could not take that.
  expect(await codeOf(leash.guard(call, () => void (isDown = true)))).toBe("LEASH_OUTCOME_UNKNOWN");
  isDown = false;
  const nothing = new NoEffect("already there");
  expect(await thrown(leash.guard(call, () => Promise.reject(nothing)))).toBe(nothing);
  const [row] = await inner.list("journal");
  const entry = row?.body as unknown as JournalEntry | undefined;
  expect(entry?.failure).toMatchObject({ effect: "unknown" });
  expect(await codeOf(leash.guard({ tool: "sync", input: {} }, () => "synced"))).toBe("LEASH_LIMIT_EXCEEDED");
  await leash.close();
});
