import { describe, expect, it } from "vitest";
import { createLeash, isLeashError, type Leash } from "@leashkit/core";
import { countingShop, scriptedPolicy } from "@leashkit/core/testing";

const TOOLS = ["send_money", "http.request", "Purchase"];

/** Characters that are drawn like a Latin one (Unicode TR39): Cyrillic, Greek, Armenian, fullwidth, mathematical, and others. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: "\u0430\u03b1\uff41\u{1d41a}\u00e4\u00aa",
  c: "\u0441\u03f2\uff43\u{1d41c}\u217d",
  d: "\u0501\uff44\u{1d41d}\u217e",
  e: "\u0435\uff45\u212e\u{1d41e}\u00e8",
  h: "\u04bb\uff48\u{1d421}\u210e",
  m: "\uff4d\u{1d426}\u217f",
  n: "\u0578\uff4e\u{1d427}\u00f1",
  o: "\u043e\u03bf\u0585\uff4f\u{1d428}0\u00f6\u1d0f",
  p: "\u0440\u03c1\uff50\u{1d429}",
  P: "\u0420\u03a1\uff30\u{1d40f}",
  q: "\u051b\u0566\uff51\u{1d42a}",
  r: "\u0433\uff52\u{1d42b}",
  s: "\u0455\uff53\u{1d42c}\u017f",
  t: "\uff54\u{1d42d}\u03c4",
  u: "\u057d\u03c5\uff55\u{1d42e}\u00fc",
  y: "\u0443\uff59\u{1d432}\u04af",
  _: "\uff3f-\u2010\u00a0 ",
  ".": "\uff0e\u3002\u2024_/",
};

const INVISIBLE = [
  "\u200b",
  "\u200c",
  "\u200d",
  "\u2060",
  "\ufeff",
  "\u00ad",
  "\u202e",
  "\u0000",
  "\u034f",
  "\ufe0f",
  "\u{e0061}",
];
const BLANKS = [" ", "\t", "\n", "\u00a0", "\u3000", "\u2028"];

function variantsOf(tool: string): readonly string[] {
  const found = new Set<string>();
  for (const [index, letter] of tool.split("").entries()) {
    const replaced = (other: string): string => tool.slice(0, index) + other + tool.slice(index + 1);
    for (const lookalike of LOOKALIKES[letter] ?? "") found.add(replaced(lookalike));
    found.add(replaced(letter.toUpperCase())).add(replaced(letter.toLowerCase()));
  }
  for (const sign of INVISIBLE)
    found
      .add(sign + tool)
      .add(tool + sign)
      .add(tool.slice(0, 2) + sign + tool.slice(2));
  for (const blank of BLANKS) found.add(blank + tool).add(tool + blank);
  for (const whole of [
    tool.toUpperCase(),
    `${tool}\u0301`,
    `./${tool}`,
    `${tool}.`,
    `${tool};`,
    encodeURIComponent(`${tool} `),
    "",
  ])
    found.add(whole);
  found.delete(tool);
  return [...found];
}

async function leashOver(names: readonly string[]): Promise<Leash> {
  const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), store: "memory", notify: [] });
  for (const id of names) leash.register({ id });
  return leash;
}

describe("names that look like those of registered tools", () => {
  it.each(TOOLS)("A-A9: no variant of %s is taken for it, under a policy that allows everything", async (tool) => {
    const leash = await leashOver(TOOLS);
    const shop = countingShop();
    const variants = variantsOf(tool);
    expect(variants.length).toBeGreaterThanOrEqual(60);
    const outcomes = await Promise.all(
      variants.map((variant) => leash.guard({ tool: variant, input: {} }, shop.buy).catch((error: unknown) => error)),
    );
    const allowed = variants.filter((_, index) => !isLeashError(outcomes[index]));
    expect(allowed).toEqual([]);
    expect(shop.orders).toHaveLength(0);
  });

  it("A-A9: the set of variants is large and leaves the registered names themselves allowed", async () => {
    expect(new Set(TOOLS.flatMap(variantsOf)).size).toBeGreaterThanOrEqual(200);
    const leash = await leashOver(TOOLS);
    const shop = countingShop();
    for (const tool of TOOLS) await leash.guard({ tool, input: {} }, shop.buy);
    expect(shop.orders).toHaveLength(TOOLS.length);
  });

  it("A-A9: two spellings that Unicode holds for equal are one tool with one digest", async () => {
    const leash = await leashOver(["caf\u00e9"]);
    const shop = countingShop();
    for (const tool of ["caf\u00e9", "cafe\u0301"]) await leash.guard({ tool, input: {} }, shop.buy);
    const [one, other] = shop.orders.map(({ permit }) => permit);
    expect(other).toMatchObject({ tool: one?.tool, digest: one?.digest });
  });

  it.each([
    undefined,
    null,
    5,
    {},
    [],
    ["send_money"],
    { toString: () => "send_money" },
    { normalize: () => "send_money" },
    Object.create(null),
  ])("A-A9: a name that is no string (%o) is refused with a code", async (name) => {
    const leash = await leashOver(["send_money"]);
    const shop = countingShop();
    const call = Object.assign({ tool: "", input: {} }, { tool: name });
    expect(isLeashError(await leash.guard(call, shop.buy).catch((error: unknown) => error))).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });
});
