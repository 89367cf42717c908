import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { createLeash, type Leash, memoryKeyRing, memoryStore } from "@leashkit/core";
import { scriptedPolicy } from "@leashkit/core/testing";
import { onlyPending } from "../support/leash.ts";
import { codeOf } from "../support/thrown.ts";

// Found by the simulation: seed 1004511 of the run of 2026-11-26.
it("I5: a call that held while its leash was closed does not run without a lease, so that nobody takes it for dead", async () => {
  const store = memoryStore();
  const keys = memoryKeyRing({ clock: { now: () => Date.now() }, random: randomBytes });
  const open = async (): Promise<Leash> => {
    const leash = await createLeash({ policy: scriptedPolicy(() => "approve"), store, keys, notify: [] });
    leash.register({ id: "buy" });
    return leash;
  };
  const [one, two] = [await open(), await open()];
  const call = (callId: string) => ({ tool: "buy", input: { callId }, callId, scope: "thread" });
  // A first call, so that there is a lease to withdraw.
  const first = one.guard(call("call-1"), () => "sold");
  await two.desk({ id: "ann" }).approve(await onlyPending(two));
  await first;
  let running = 0;
  const slowly = async (): Promise<string> => {
    running += 1;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return "sold";
  };
  const held = codeOf(one.guard(call("call-2"), slowly));
  const id = await onlyPending(two);
  await one.close();
  await two.desk({ id: "ann" }).approve(id);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const again = codeOf(two.guard(call("call-2"), slowly));
  // Whether the closed leash still runs it or refuses to: nobody may be told that its outcome is unknown.
  expect([await held, await again]).not.toContain("LEASH_OUTCOME_UNKNOWN");
  expect(running).toBe(1);
});
