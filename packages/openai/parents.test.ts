import { describe, expect, it } from "vitest";
import { wrapTools } from "./index.ts";
import { DENY_ALL, leashFor, pendingAt } from "./leash.fixture.ts";

const FEW = "default: approve\nlimits: [{ id: few, action: buy, window: 1h, max: 1, over: deny }]";

type Args = Readonly<Record<string, unknown>>;

/** A tool in each of the forms that the runner knows; its work needs what it is a method of. */
const FORMS: Readonly<Record<string, (done: unknown[]) => object>> = {
  "a function that parses": (done) => ({
    type: "function",
    function: {
      name: "buy",
      shop: "ours",
      parse: (text: string) => JSON.parse(text) as Args,
      function(this: { readonly shop?: unknown }, args: Args) {
        return `sold at ${String(this.shop)}: ${done.push(args)}`;
      },
    },
  }),
  "a function of text": (done) => ({
    type: "function",
    function: {
      name: "buy",
      shop: "ours",
      function(this: { readonly shop?: unknown }, text: string) {
        return `sold at ${String(this.shop)}: ${done.push(JSON.parse(text))}`;
      },
    },
  }),
};

type Called = (input: unknown) => Promise<unknown>;

function call(tool: object): Promise<unknown> {
  const { function: work, parse } = (tool as { function: { function: Called; parse?: (text: string) => unknown } })
    .function;
  return work(parse === undefined ? '{"n":1}' : parse('{"n":1}'));
}

describe.each(Object.entries(FORMS))("of a parent's gate and its child's before %s", (_form, made) => {
  it.each([
    ["the child's is put in front", true],
    ["the parent's is put in front", false],
  ])("I7: %s: one call is asked about once, as the child's, and counts once", async (_order, childLast) => {
    const leash = await leashFor(FEW);
    const child = leash.narrow({ agent: "buyer" });
    const done: unknown[] = [];
    const gates = childLast ? [leash, child, child.narrow({ tools: ["buy"] })] : [child, leash];
    const wrapped = gates.reduce((tool, gate) => wrapTools([tool], gate)[0], made(done));
    const running = call(wrapped);
    const [question] = await pendingAt(leash, 1);
    expect(question?.principal).toMatchObject({ agent: "buyer", chain: ["agent"] });
    await leash.desk({ id: "ann" }).approve(question?.id ?? "");
    expect([await running, done]).toEqual(["sold at ours: 1", [{ n: 1 }]]);
    expect(await call(wrapped)).toContain("limit");
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
  });

  it("I6: the child's knows the calls by the session of the parent's, and stays before it where its own is another", async () => {
    const rules = "rules: [{ id: s, action: buy, when: session == 's1', effect: allow }]";
    const leash = await leashFor(`default: deny\n${rules}`);
    const registrations = { buy: { sideEffect: "write" } } as const;
    const done: unknown[] = [];
    const parents = wrapTools([made(done)], leash, { session: "s1", registrations });
    const [childs] = wrapTools(parents, leash.narrow({ agent: "buyer" }));
    expect([await call(childs), done]).toEqual(["sold at ours: 1", [{ n: 1 }]]);
    const strict = await leashFor(`default: allow\n${rules.replace("allow", "deny")}`);
    const theirs = wrapTools([made(done)], strict, { session: "s1" });
    const [others] = wrapTools(theirs, strict.narrow({ agent: "buyer" }), { session: "s2" });
    expect([await call(others), done]).toEqual([expect.stringMatching(/^Denied/u), [{ n: 1 }]]);
  });

  it("I4: every gate stays that the one in front was not made from", async () => {
    const leash = await leashFor("default: allow");
    const done: unknown[] = [];
    const gates = [await leashFor(DENY_ALL), leash, leash.narrow({ agent: "buyer" })];
    const wrapped = gates.reduce((tool, gate) => wrapTools([tool], gate)[0], made(done));
    expect([await call(wrapped), done]).toEqual([expect.stringMatching(/^Denied/u), []]);
  });
});
