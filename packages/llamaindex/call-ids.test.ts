import type { ToolCall } from "@leashkit/core";
import { CallbackManager, Settings } from "@llamaindex/core/global";
import { tool } from "@llamaindex/core/tools";
import { agent } from "@llamaindex/workflow";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { leashTool, wrapTools } from "./index.ts";
import { ALLOW_ALL, approveNext, ASK_ALL, leashFor } from "./leash.fixture.ts";
import { call, ScriptedLlm } from "./scripted-llm.fixture.ts";

const item = z.object({ item: z.string() });
const tea = { item: "tea" };

function buyInto(sold: string[]) {
  const execute = async (input: z.infer<typeof item>) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return `sold ${sold.push(input.item)}`;
  };
  return tool({ name: "buy", description: "d", parameters: item, execute });
}

async function watchedLeash() {
  const leash = await leashFor(ALLOW_ALL);
  const attempt = vi.spyOn(leash, "attempt");
  const proposed = (): readonly ToolCall[] => attempt.mock.calls.map(([proposal]) => proposal);
  return { leash, proposed };
}

describe("the call's id", () => {
  it("is that of the model's call, for six calls of three agents at once", async () => {
    const { leash, proposed } = await watchedLeash();
    const tools = wrapTools([buyInto([])], leash, { scope: "s" });
    const agents = ["x", "y", "z"].map((name) => {
      const turn = ["1", "2"].map((nth) => call("buy", { item: name + nth }, `id of ${name}${nth}`));
      return agent({ llm: new ScriptedLlm(turn), tools });
    });
    await Promise.all(agents.map((one) => one.run("go")));
    const found = proposed().map(({ input, callId }) => `${callId}: ${(input as z.infer<typeof item>).item}`);
    expect(found.toSorted()).toEqual(["x1", "x2", "y1", "y2", "z1", "z2"].map((one) => `id of ${one}: ${one}`));
  });

  it("is the same before every gate, which are told apart by their place", async () => {
    const { leash, proposed } = await watchedLeash();
    const outer = await watchedLeash();
    const both = leashTool(leashTool(buyInto([]), leash, { scope: "s" }), outer.leash, {
      scope: "s",
    });
    await agent({ llm: new ScriptedLlm([call("buy", tea)]), tools: [both] }).run("go");
    expect(proposed()).toMatchObject([{ callId: "a", scope: "s", index: 0 }]);
    expect(outer.proposed()).toMatchObject([{ callId: "a", scope: "s", index: 1 }]);
  });

  it("is not there for a program's call, also with arguments that a model's call brought before", async () => {
    const { leash, proposed } = await watchedLeash();
    const sold: string[] = [];
    const [buy] = wrapTools([buyInto(sold)], leash, { scope: "s" });
    const input = { ...tea };
    await agent({ llm: new ScriptedLlm([call("buy", input)]), tools: [buy] }).run("go");
    await buy.call(input);
    expect(proposed().map(({ callId }) => callId)).toEqual(["a", undefined]);
    expect(sold).toHaveLength(2);
  });

  it("I2: is not there where the provider gave none: such calls are told apart all the same", async () => {
    const { leash, proposed } = await watchedLeash();
    const sold: string[] = [];
    const tools = wrapTools([buyInto(sold)], leash, { scope: "s" });
    for (const _ of [1, 2]) {
      await agent({ llm: new ScriptedLlm([call("buy", { ...tea }, "")]), tools }).run("go");
    }
    expect(proposed()).toEqual([{ tool: "buy", input: tea, index: 0 }, expect.not.objectContaining({ callId: "" })]);
    expect(sold).toEqual(["tea", "tea"]);
  });

  it("is heard from another callback manager too, once that is known", async () => {
    const { leash, proposed } = await watchedLeash();
    const [buy] = wrapTools([buyInto([])], leash, { scope: "s" });
    const turns = [[call("buy", { ...tea }, "one")], [call("buy", { ...tea }, "two")]];
    await Settings.withCallbackManager(new CallbackManager(), () =>
      agent({ llm: new ScriptedLlm(...turns), tools: [buy] }).run("go"),
    );
    expect(proposed().map(({ callId }) => callId)).toEqual([undefined, "two"]);
  });
});

describe("a scope", () => {
  it("I2: makes the same call run once, and gives its recorded result to the second", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const sold: string[] = [];
    const tools = wrapTools([buyInto(sold)], leash, { scope: "conversation 7, turn 1" });
    const models = [new ScriptedLlm([call("buy", { ...tea })]), new ScriptedLlm([call("buy", { ...tea })])];
    for (const llm of models) await agent({ llm, tools }).run("go");
    expect(sold).toEqual(["tea"]);
    expect(models.map(({ results }) => results["a"]?.text)).toEqual(["sold 1", "sold 1"]);
  });

  it("keeps calls of other scopes and other arguments apart; without one every call is new", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const sold: string[] = [];
    for (const options of [{ scope: "1" }, { scope: "2" }, {}, {}]) {
      const tools = wrapTools([buyInto(sold)], leash, options);
      await agent({ llm: new ScriptedLlm([call("buy", { ...tea })]), tools }).run("go");
    }
    const tools = wrapTools([buyInto(sold)], leash, { scope: "1" });
    await agent({ llm: new ScriptedLlm([call("buy", { item: "milk" })]), tools }).run("go");
    expect(sold).toEqual(["tea", "tea", "tea", "tea", "milk"]);
  });

  it("does not reach into a sub-agent at work in a tool: its calls of the same id are its own", async () => {
    const { leash, proposed } = await watchedLeash();
    const sold: string[] = [];
    const [buy] = wrapTools([buyInto(sold)], leash, { scope: "s" });
    const shop = tool({
      name: "shop",
      description: "d",
      parameters: item,
      execute: async () => {
        const { data } = await agent({
          llm: new ScriptedLlm([call("buy", { ...tea })]),
          tools: [buy],
        }).run("go");
        return data.result;
      },
    });
    const tools = [buy, leashTool(shop, leash, { scope: "s" })];
    await agent({
      llm: new ScriptedLlm([call("buy", { ...tea })], [call("shop", { ...tea })]),
      tools,
    }).run("go");
    expect(sold).toEqual(["tea", "tea"]);
    expect(proposed().map(({ tool: name, callId }) => [name, callId])).toEqual([
      ["buy", "a"],
      ["shop", "a"],
      ["buy", undefined],
    ]);
  });
});

describe("a pause that needs a run", () => {
  it("holds where there is none", async () => {
    const leash = await leashFor(ASK_ALL);
    const tools = wrapTools([buyInto([])], leash, { pause: "suspend", scope: "s" });
    const llm = new ScriptedLlm([call("buy", tea)]);
    const done = agent({ llm, tools }).run("go");
    await approveNext(leash);
    await done;
    expect(llm.results["a"]?.text).toBe("sold 1");
  });
});
