import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { Leash } from "../model/leash.ts";

let leash: Leash;
afterEach(() => leash.close());

const asking = async (): Promise<Leash> => {
  leash = await createLeash({ policy: { text: "leash: 1\ndefault: approve\n" }, store: "memory", notify: [] });
  leash.register({ id: "buy" });
  return leash;
};

const call = (callId: string) => ({ tool: "buy", input: { item: "tea" }, scope: "run-1", callId });

describe("pause: suspend", () => {
  it("comes back at once, and the very same call proposed again runs once on its yes", async () => {
    const gate = await asking();
    const attempt = () => gate.attempt(call("a"), () => "bought", { pause: "suspend" });
    const first = await attempt();
    if (first.kind !== "pending") expect.fail(first.kind);
    await gate.desk({ id: "ann" }).approve(first.error.approvalId);
    expect(await Promise.all([attempt(), attempt()])).toEqual([
      { kind: "result", result: "bought" },
      { kind: "result", result: "bought" },
    ]);
  });

  it("I2: two equal calls are two questions, where deferred ones are one", async () => {
    const gate = await asking();
    for (const pause of ["suspend", "defer"] as const) {
      const both = [call(`${pause}-1`), call(`${pause}-2`)];
      for (const each of both) expect(await gate.attempt(each, () => 1, { pause })).toMatchObject({ kind: "pending" });
    }
    expect(await gate.desk({ id: "ann" }).pending()).toHaveLength(3);
  });

  it("holds a call that nothing could bring back", async () => {
    const gate = await asking();
    const held = gate.attempt({ tool: "buy", input: {} }, () => "bought", { pause: "suspend" });
    const desk = gate.desk({ id: "ann" });
    await expect.poll(async () => (await desk.pending()).length).toBe(1);
    for (const { id } of await desk.pending()) await desk.approve(id);
    expect(await held).toEqual({ kind: "result", result: "bought" });
  });
});
