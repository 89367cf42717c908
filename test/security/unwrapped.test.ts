import { tool as langchainTool } from "@langchain/core/tools";
import { createLeash, currentPermit, type Gate, type Leash, NoEffect } from "@leashkit/core";
import { leashTool } from "@leashkit/llamaindex";
import { wrapTool } from "@leashkit/langchain";
import { wrapTools as wrapForRunTools } from "@leashkit/openai";
import { FunctionTool } from "@llamaindex/core/tools";
import { describe, expect, it } from "vitest";
import { z } from "zod";

/** A tool that does nothing without leave: whoever calls it past the gate has none. */
class Till {
  readonly sold: unknown[] = [];
  readonly sell = (input: { readonly item: string }): string => {
    if (currentPermit()?.mode !== "enforce") throw new NoEffect("nothing is sold without a permit");
    return `sold ${this.sold.push(input)}`;
  };
}

interface Wrapped {
  readonly original: object;
  readonly wrapped: object;
  /** Calls the tool as its framework does. */
  readonly call: (tool: object) => unknown;
}

const parameters = z.object({ item: z.string() });
const asked = { item: "tea" };

/** One tool by each way of wrapping. */
const WAYS: Readonly<Record<string, (till: Till, gate: Gate) => Wrapped>> = {
  LangChain({ sell }, gate) {
    const original = langchainTool(async (input: { item: string }) => sell(input), {
      name: "sell",
      description: "d",
      schema: parameters,
    });
    const call = (tool: object): unknown => (tool as typeof original).invoke(asked);
    return { original, wrapped: wrapTool(original, gate), call };
  },
  LlamaIndex({ sell }, gate) {
    const original = FunctionTool.from(sell, { name: "sell", description: "d", parameters });
    return { original, wrapped: leashTool(original, gate), call: (tool) => (tool as typeof original).call(asked) };
  },
  "OpenAI's runTools"({ sell }, gate) {
    const described = { name: "sell", parameters: {}, parse: JSON.parse, function: sell };
    const original = { type: "function", function: described };
    const [wrapped] = wrapForRunTools([original], gate);
    const call = (tool: object): unknown => {
      const { function: work, parse } = (tool as typeof original).function;
      return work(parse(JSON.stringify(asked)) as typeof asked);
    };
    return { original, wrapped, call };
  },
};

const leashThat = (effect: string): Promise<Leash> =>
  createLeash({ policy: { text: `leash: 1\ndefault: ${effect}` }, store: "memory", notify: [] });

const endOf = async (work: () => unknown): Promise<string> => {
  try {
    return String(await work());
  } catch (error) {
    return (error as Error).message;
  }
};

describe.each(Object.entries(WAYS))("a tool that was wrapped for %s", (_name, way) => {
  it("A-A23: is another object than the original, which stays as it was and has no leave to do anything", async () => {
    const till = new Till();
    const { call, original, wrapped } = way(till, await leashThat("allow"));
    expect(wrapped).not.toBe(original);
    expect(await endOf(() => call(original))).toContain("nothing is sold without a permit");
    expect(till.sold).toEqual([]);
    expect(await endOf(() => call(wrapped))).toContain("sold 1");
    expect(await endOf(() => call(original))).toContain("nothing is sold without a permit");
    expect(till.sold).toEqual([asked]);
  });

  it("A-A23: hands no leave on to the original when it was refused itself", async () => {
    const till = new Till();
    const { call, original, wrapped } = way(till, await leashThat("deny"));
    expect(await endOf(() => call(wrapped))).toMatch(/^Denied|denied/u);
    expect(await endOf(() => call(original))).toContain("nothing is sold without a permit");
    expect(till.sold).toEqual([]);
  });
});
