import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { Leash } from "../model/leash.ts";
import type { Mode } from "../model/effect.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";

const opened: Leash[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
});

async function open(store: Store, mode: Mode): Promise<Leash> {
  const leash = await createLeash({ policy: { text: "leash: 1\ndefault: allow\n" }, store, mode, notify: [] });
  leash.register({ id: "buy" });
  opened.push(leash);
  return leash;
}

const CALL = { tool: "buy", input: { item: "tea" }, scope: "run-1", callId: "call-1" };

async function types(leash: Leash): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const line of leash.exportLog()) found.push((JSON.parse(line) as { readonly type: string }).type);
  return found;
}

describe("observe mode", () => {
  it("I2: does not repeat a call that ran while the policy was enforced", async () => {
    const store = memoryStore();
    let ran = 0;
    const run = (): string => `order ${(ran += 1)}`;
    expect(await (await open(store, "enforce")).guard(CALL, run)).toBe("order 1");
    expect(await (await open(store, "observe")).guard(CALL, run)).toBe("order 1");
    expect(await (await open(store, "observe")).guard({ ...CALL, callId: "call-2" }, run)).toBe("order 2");
  });

  it("does not take a tool that pauses itself for one that failed", async () => {
    const leash = await open(memoryStore(), "observe");
    const paused = new Error("paused");
    const pausing = leash.guard(CALL, () => Promise.reject(paused), { suspends: (thrown) => thrown === paused });
    await expect(pausing).rejects.toBe(paused);
    expect(await types(leash)).toEqual(["policy.loaded", "decided"]);
  });
});
