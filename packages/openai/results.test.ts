import type { Json } from "@leashkit/core";
import { describe, expect, it } from "vitest";
import { chatCall } from "./calls.fixture.ts";
import { createInterceptor } from "./index.ts";
import { ALLOW_ALL, leashFor, logOf } from "./leash.fixture.ts";
import { RESULTS } from "./results.ts";

const outputRefs = async (leash: Awaited<ReturnType<typeof leashFor>>): Promise<unknown[]> =>
  (await logOf(leash)).filter(({ type }) => type === "executed").map((line) => line["output_ref"]);

describe("a result in the journal", () => {
  it.each<Json>([
    "sold",
    "",
    '{"n":1}',
    5,
    true,
    null,
    [],
    { item: "tea", amount: 1.5 },
    [{ type: "text", text: "x" }],
  ])("I13: has the digest that it has with core alone: %j", async (result) => {
    const leash = await leashFor(ALLOW_ALL);
    const interceptor = createInterceptor(leash, { handlers: { buy: () => result } });
    await interceptor.run([chatCall("c", "buy", {})]);
    await leash.guard({ tool: "buy", input: {} }, () => result);
    const [through, alone] = await outputRefs(leash);
    expect(through).toBeTypeOf("string");
    expect(through).toBe(alone);
  });

  it.each<readonly [string, unknown]>([
    ["a text", "sold"],
    ["a text that is JSON", '{"n":1}'],
    ["nothing", undefined],
    ["null", null],
    ["members in the tool's own order", { b: 1, a: { d: 2, c: 3 } }],
    ["an integer beyond those that doubles hold", { n: 2 ** 60 }],
    ["half a character", "\ud800"],
    ["a member named __proto__", JSON.parse('{"__proto__":{"a":1}}')],
    ["more nesting than the journal takes", JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`)],
    ["more members than the journal takes", Array.from({ length: 20_000 }, () => 1)],
    ["what looks like our own mark", { "leashkit.openai/1": "[1]" }],
    ["what looks like our own mark, damaged", { "leashkit.openai/1": 5, more: true }],
  ])("I2: comes back as the tool gave it: %s", async (_name, result) => {
    const interceptor = createInterceptor(await leashFor(ALLOW_ALL), {
      handlers: { buy: () => (runs.push("buy"), result) },
      scope: "response-1",
    });
    const runs: string[] = [];
    const first = await interceptor.run([chatCall("c", "buy", {})]);
    expect(await interceptor.run([chatCall("c", "buy", {})])).toEqual(first);
    expect(first.outputs).toMatchObject([
      { content: typeof result === "string" ? result : (JSON.stringify(result) ?? "") },
    ]);
    expect(runs).toEqual(["buy"]);
  });

  it("is read as it is where it was recorded without a mark", () => {
    expect(RESULTS.decode("[1]")).toBe("[1]");
    expect(RESULTS.decode({ n: 1 })).toEqual({ n: 1 });
  });
});
