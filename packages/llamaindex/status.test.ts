import { tool } from "@llamaindex/core/tools";
import { agent } from "@llamaindex/workflow";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { leashStatusTool, leashTool, wrapTools } from "./index.ts";
import { approveNext, ASK_ALL, DENY_ALL, leashFor, nextPending } from "./leash.fixture.ts";
import { call, ScriptedLlm } from "./scripted-llm.fixture.ts";

const item = z.object({ item: z.string() });

async function deferring(work: (input: { item: string }) => string = ({ item: one }) => `sold ${one}`) {
  const leash = await leashFor(ASK_ALL);
  const sold: string[] = [];
  const execute = (input: { item: string }) => {
    sold.push(input.item);
    return work(input);
  };
  const buy = tool({ name: "buy", description: "d", parameters: item, execute });
  const tools = wrapTools([buy], leash, { pause: "defer" });
  return { leash, sold, tools, buy: tools[0], status: leashStatusTool(leash, tools) };
}

describe("a deferred call", () => {
  it("I2: is told of, approved, collected once; asked for again it gives the recorded result", async () => {
    const { leash, sold, buy, status } = await deferring();
    const told = await buy.call({ item: "tea" });
    const { ref } = await nextPending(leash);
    expect(told).toBe(
      `Waiting for a person, ref ${ref}. The call has not run. Go on with other work and ask for its status by this ref later.`,
    );
    expect(await status.call({ ref })).toMatch(/^Still waiting/u);
    await approveNext(leash);
    expect(sold).toEqual([]);
    expect(await status.call({ ref })).toBe("sold tea");
    expect(await status.call({ ref: ` ${ref} ` })).toBe("sold tea");
    expect(sold).toEqual(["tea"]);
  });

  it("that a person denied is told as denied", async () => {
    const { leash, sold, buy, status } = await deferring();
    await buy.call({ item: "tea" });
    const { id, ref } = await nextPending(leash);
    await leash.desk({ id: "ann" }).deny(id);
    expect(await status.call({ ref })).toMatch(/^A person denied this call/u);
    expect(sold).toEqual([]);
  });

  it("that fails when it runs fails in the tool's own words", async () => {
    const { leash, buy, status } = await deferring(() => {
      throw new TypeError("sold out");
    });
    await buy.call({ item: "tea" });
    const { ref } = await approveNext(leash);
    await expect(status.call({ ref })).rejects.toThrow(new TypeError("sold out"));
  });

  it.each([[undefined], [42], ["NONE"]])("is not to be found by %j", async (ref) => {
    const { status } = await deferring();
    expect(await status.call({ ref })).toBe("No call of yours waits under this reference.");
  });

  it("is out of reach for another principal, and where its tool is not known", async () => {
    const { leash, sold, tools, buy } = await deferring();
    await buy.call({ item: "tea" });
    const { ref } = await approveNext(leash);
    expect(await leashStatusTool(leash.as({ agent: "other" }), tools).call({ ref })).toMatch(/^No call of yours/u);
    expect(await leashStatusTool(leash, []).call({ ref })).toMatch(/not available here/u);
    expect(sold).toEqual([]);
  });

  it("I4: still passes the gates that stand beneath", async () => {
    const sold: string[] = [];
    const execute = (input: { item: string }) => `sold ${sold.push(input.item)}`;
    const buy = tool({ name: "buy", description: "d", parameters: item, execute });
    const asking = await leashFor(ASK_ALL);
    const tools = [leashTool(leashTool(buy, await leashFor(DENY_ALL)), asking, { pause: "defer" })];
    await tools[0]?.call({ item: "tea" });
    const { ref } = await approveNext(asking);
    expect(await leashStatusTool(asking, tools).call({ ref })).toMatch(/^Denied by policy/u);
    expect(sold).toEqual([]);
  });
});

describe("a call that a gate beneath deferred", () => {
  it("is collected there, once, under that gate alone", async () => {
    const { leash, sold, tools, buy } = await deferring();
    const outer = await leashFor("default: allow\n");
    const both = [leashTool(buy, outer, { pause: "defer" })];
    await both[0]?.call({ item: "tea" });
    const { ref } = await approveNext(leash);
    expect(await leashStatusTool(outer, both).call({ ref })).toMatch(/^No call of yours/u);
    expect(await leashStatusTool(leash, both).call({ ref })).toBe("sold tea");
    expect(await leashStatusTool(leash, tools).call({ ref })).toBe("sold tea");
    expect(sold).toEqual(["tea"]);
  });
});

describe("the status tool", () => {
  it("works in an agent, and stays as it is where tools are wrapped", async () => {
    const { leash, sold, tools, status } = await deferring();
    expect(leashTool(status, leash)).toBe(status);
    const llm = new ScriptedLlm([call("buy", { item: "tea" }, "b")]);
    const first = wrapTools(agent({ llm, tools: [...tools, status] }), leash);
    await first.run("go");
    expect(llm.results["b"]?.text).toMatch(/^Waiting for a person/u);
    const { ref } = await approveNext(leash);
    const later = new ScriptedLlm([call("leash_status", { ref }, "s")]);
    await agent({ llm: later, tools: [...tools, status] }).run("and now?");
    expect(later.results["s"]).toEqual({ text: "sold tea", isError: false });
    expect(sold).toEqual(["tea"]);
  });

  it("needs no word in the policy", async () => {
    const leash = await leashFor("default: deny\n");
    const [status] = wrapTools([leashStatusTool(leash, [])], leash);
    expect(await status.call({ ref: "K7Q2" })).toBe("No call of yours waits under this reference.");
  });
});
