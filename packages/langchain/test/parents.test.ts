import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { describe, expect, it, vi } from "vitest";
import { refusalOf, wrapTool } from "../index.ts";
import { ALLOW_ALL, approveNext, DENY_ALL, leashFor } from "./harness.ts";
import { item } from "./hosts.ts";

const call = { name: "buy", args: { item: "tea" }, id: "a", type: "tool_call" } as const;

const buyTool = (work: (input: { item: string }) => unknown) =>
  tool(work, { name: "buy", description: "d", schema: item });

describe("a child's gate put in front of its parent's", () => {
  it.each(["a function", "a runnable"])(
    "I7: takes its place, for %s: one call is asked about once, as the child's, and counts once",
    async (kind) => {
      const leash = await leashFor(
        "default: approve\nlimits: [{ id: few, action: buy, window: 1h, max: 2, over: deny }]",
      );
      const done: unknown[] = [];
      const bare =
        kind === "a function"
          ? buyTool((input) => `sold ${done.push(input)}`)
          : RunnableLambda.from((input: { item: string }) => `sold ${done.push(input)}`).asTool({
              name: "buy",
              schema: item,
            });
      const child = leash.narrow({ agent: "buyer" });
      const parents = wrapTool(bare, leash, { pause: "hold" });
      const grandchilds = wrapTool(wrapTool(parents, child), child.narrow({ tools: ["buy"] }), { pause: "hold" });
      for (let time = 1; time <= 2; time += 1) {
        const running = grandchilds.invoke({ item: "tea" });
        expect((await approveNext(leash)).principal).toMatchObject({ agent: "buyer", chain: ["agent"] });
        expect(await running).toBe(`sold ${time}`);
      }
      await expect(grandchilds.invoke({ item: "tea" })).rejects.toMatchObject({ code: "LEASH_LIMIT_EXCEEDED" });
      expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    },
  );

  it("knows the tool as the parent's did: by what was stated of it, its schema's defaults and where its class does its work", async () => {
    const leash = await leashFor(
      "default: deny\nrules: [{ id: w, action: buy, when: tool.side_effect == 'write' && input.item == 'tea', effect: allow }]",
    );
    const done: unknown[] = [];
    const schema = { type: "object", properties: { item: { type: "string", default: "tea" } } } as const;
    const bare = tool((input) => `sold ${done.push(input)}`, { name: "buy", description: "d", schema });
    // An override that still does its work in `_call`.
    const invoke: unknown = Reflect.get(bare, "invoke");
    bare.invoke = function (this: typeof bare, ...args) {
      return Reflect.apply(invoke as typeof bare.invoke, this, args);
    };
    const registrations = { buy: { sideEffect: "write" } } as const;
    const stated = { registrations, applySchemaDefaults: true, invokeOverrides: ["buy"] };
    const parents = wrapTool(bare, leash, stated);
    const childs = wrapTool(parents, leash.narrow({ agent: "buyer" }));
    expect(await childs.invoke({ ...call, args: {} })).toMatchObject({ content: "sold 1" });
    expect(done).toEqual([{ item: "tea" }]);
  });

  it("I4: leaves every gate that it was not made from, and those of tools that were guarded in place", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const child = leash.narrow({ agent: "buyer" });
    const strict = await leashFor(DENY_ALL);
    const done: unknown[] = [];
    const buy = () => buyTool((input) => done.push(input));
    const others = wrapTool(wrapTool(wrapTool(buy(), strict), leash), child);
    const patched = wrapTool(wrapTool(buy(), leash, { patch: true }), child);
    const attempt = vi.spyOn(leash, "attempt");
    expect(refusalOf(await others.invoke(call))).toMatchObject({ code: "LEASH_DENIED" });
    expect(done).toEqual([]);
    await patched.invoke(call);
    expect([done.length, attempt.mock.calls.length]).toEqual([1, 1]);
  });
});
