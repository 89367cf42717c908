import { describe, expect, it } from "vitest";
import type { PolicyIssue } from "../model/policy.ts";
import { createIssueList } from "./issues.ts";
import { type Located, toJson } from "./located.ts";
import { readYaml } from "./yaml.ts";

function read(text: string): { readonly node: Located | undefined; readonly issues: readonly PolicyIssue[] } {
  const issues = createIssueList(text);
  return { node: readYaml(text, issues.report), issues: issues.list() };
}

/** Milliseconds of processor time that reading a text takes: on a busy machine the clock says little. */
function busyMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Some ten times what the slowest of these takes alone. */
const FAST_MS = 15_000;

describe("readYaml", () => {
  it("reads maps, lists and scalars with their places", () => {
    const { node, issues } = read("a: 1\nb:\n  - x\n  - true\n");
    expect(issues).toEqual([]);
    expect(node && toJson(node)).toEqual({ a: 1, b: ["x", true] });
  });

  it("reads JSON, which is YAML", () => {
    expect(toJson(read('{"a": {"b": [1, "2", null]}}').node ?? expect.fail("not read"))).toEqual({
      a: { b: [1, "2", null] },
    });
  });

  it("keeps the words that older YAML takes for booleans as texts", () => {
    expect(toJson(read("a: [yes, no, on, off]").node ?? expect.fail("not read"))).toEqual({
      a: ["yes", "no", "on", "off"],
    });
  });

  it.each([
    ["A-P1: refuses an alias", "a: &x 1\nb: *x", "yaml_alias", 2, 4],
    ["A-P1: refuses an anchor without an alias", "a: &x 1", "yaml_alias", 1, 4],
    ["A-P1: refuses an alias as a key", "a: 1\n*x : 2", "yaml_alias", 2, 1],
    ["A-P1: refuses a merge key", "a: 1\n<<: { b: 2 }", "yaml_merge_key", 2, 1],
    ["A-P1: refuses an own tag", "a: !danger 1", "yaml_tag", 1, 4],
    ["A-P1: refuses a standard tag", "a: !!str 1", "yaml_tag", 1, 4],
    ["A-P1: refuses a tag on a key", "!!str a: 1", "yaml_tag", 1, 1],
    ["A-P1: refuses a duplicate key", "a: 1\nb: 2\na: 3", "yaml_duplicate_key", 3, 1],
    ["A-P1: refuses a duplicate key in other quotes", "a: 1\n'a': 3", "yaml_duplicate_key", 2, 1],
    ["A-P1: refuses a second document", "a: 1\n---\nb: 2", "yaml_documents", 2, 1],
    ["A-P1: refuses an empty document and another", "---\n---\na: 1", "yaml_documents", 2, 1],
    ["A-P1: refuses a document behind an end", "a: 1\n...\nb: 2", "yaml_documents", 3, 1],
    ["A-P1: refuses a byte order mark", "\uFEFFa: 1", "yaml_bom", 1, 1],
    ["A-P1: refuses a byte order mark behind an end", "a: 1\n...\n\uFEFF", "yaml_bom", 3, 1],
    ["A-P1: refuses a control character", "a: x\u0000y", "yaml_character", 1, 5],
    ["A-P1: refuses a control character in a comment", "# \u001B[2J\na: 1", "yaml_character", 1, 3],
    ["A-P1: refuses a carriage return that ends a line", "a: x\rb: y", "yaml_character", 1, 5],
    ["A-P1: refuses a carriage return that ends the text", "a: x\r", "yaml_character", 1, 5],
    ["A-P1: refuses a tab that indents", "a:\n\tb: 1", "yaml_syntax", 2, 1],
    ["A-P1: refuses a tab before a colon", "? a\n\t: b", "yaml_syntax", 2, 1],
    ["A-P1: refuses a tab between dashes", "-\t- a", "yaml_syntax", 1, 2],
    ["A-P1: refuses a directive", "%YAML 1.1\n---\na: 1", "yaml_directive", 1, 1],
    ["I11: refuses an empty text", "", "yaml_empty", 1, 1],
    ["I11: refuses only a comment", "# nothing\n", "yaml_empty", 1, 1],
    ["I11: refuses an empty document", "---\n", "yaml_empty", 1, 1],
    ["I11: refuses broken syntax", "a: [1, 2\n", "yaml_syntax", 2, 1],
    ["I11: refuses a text whose last quotation mark is escaped", 'a: "x\\"\nb: "y"', "yaml_syntax", 1, 4],
    ["I11: refuses a text whose last quotation marks are one escaped", "a: 'x''\nb: 'y'", "yaml_syntax", 1, 4],
    ["I11: refuses a second colon", "a: b: c", "yaml_syntax", 1, 4],
    ["I11: refuses a key without a colon", "a: 1\nb", "yaml_syntax", 2, 1],
    ["I11: refuses a key of two lines", "a\n b: 1", "yaml_syntax", 1, 1],
    ["I11: refuses a block scalar as key", "a: 1\n|\n: 2", "yaml_syntax", 2, 1],
    ["I11: refuses a far colon", `${"k".repeat(1025)}: 1`, "yaml_syntax", 1, 1],
    ["I11: refuses a key at another column", "a:\n   b: 1\n  c: 2", "yaml_syntax", 3, 3],
    ["I11: refuses an item at another column", "a:\n - 1\n  - 2\n- 3", "yaml_syntax", 4, 1],
    ["I11: refuses a comment without a space", "a: [1]#", "yaml_syntax", 1, 7],
    ["I11: refuses two commas", "a: [1,, 2]", "yaml_syntax", 1, 7],
    ["I11: refuses two question marks", "{? ? a : b}", "yaml_syntax", 1, 4],
    ["I11: refuses a first comma", "a: {, b: 1}", "yaml_syntax", 1, 5],
    ["I11: refuses nothing but a comma", "a: [,]", "yaml_syntax", 1, 6],
    ["I11: refuses no comma", 'a: ["b" "c"]', "yaml_syntax", 1, 9],
    ["I11: refuses the wrong bracket", "a: [1}", "yaml_syntax", 1, 6],
    ["I11: refuses a block inside brackets", "a: [\n - b: c\n]", "yaml_syntax", 2, 2],
    ["I11: refuses a block as a value inside brackets", "a: {b:\n - c\n}", "yaml_syntax", 2, 2],
    ["I11: refuses a pair on the line of ---", "--- a: 1", "yaml_syntax", 1, 5],
    ["I11: refuses an unknown escape", 'a: "\\q"', "yaml_syntax", 1, 5],
    ["I11: refuses a number as key", "1: x", "yaml_key", 1, 1],
    ["I11: refuses a list as key", "? [1]\n: x", "yaml_key", 1, 3],
    ["I11: refuses a missing key", "a: 1\n: x", "yaml_key", 2, 1],
    ["I11: refuses a boolean as key", "true: x", "yaml_key", 1, 1],
    ["A-A10: refuses __proto__ as key", "a: { __proto__: { x: 1 } }", "yaml_key", 1, 6],
    ["A-A12: refuses an integer beyond 2^53", "a: 9007199254740993", "yaml_number", 1, 4],
    ["A-A12: refuses a fraction", "a: 0.1", "yaml_number", 1, 4],
    ["A-A12: refuses an infinite number", "a: 1e400", "yaml_number", 1, 4],
    ["A-A12: refuses a hexadecimal number", "a: 0x10", "yaml_number", 1, 4],
    ["A-A12: refuses a number with a leading zero", "a: 010", "yaml_number", 1, 4],
    ["I11: refuses half a surrogate pair in a key", '"\\ud800": 1', "yaml_key", 1, 1],
    ["I11: refuses half a surrogate pair", 'a: "\\ud800"', "yaml_text", 1, 4],
  ])("%s", (_what, text, code, line, column) => {
    const { node, issues } = read(text);
    expect(issues).toContainEqual(expect.objectContaining({ code, line, column }));
    if (code === "yaml_syntax") expect(node).toBeUndefined();
  });

  it.each([
    ["20,000 open lists", "a: ".concat("[".repeat(20_000))],
    ["20,000 closed lists", `a: ${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ["20,000 maps", "{a: ".repeat(20_000)],
    ["20,000 nested dashes", `${"- ".repeat(20_000)}a`],
    ["20,000 nested complex keys", `${"? ".repeat(20_000)}a`],
    ["1,400 growing indents", Array.from({ length: 1400 }, (_, level) => `${" ".repeat(level)}a:`).join("\n")],
  ])("A-P1: refuses %s without running out of stack", (_what, text) => {
    const spent = busyMs(() => expect(read(text).issues).toMatchObject([{ code: "yaml_depth" }]));
    expect(spent).toBeLessThan(FAST_MS);
  });

  it.each([
    ["half a million commas", `{${"a,".repeat(500_000)}}`],
    ["a long value", "a: ".padEnd(70_000, "x")],
    ["a long block of empty lines", `a: |+\n${"\n".repeat(70_000)}`],
    // The parser looks at all those lines again for each of the comments.
    ["empty lines before comments", `a: |\n   x\n${"\n".repeat(50_000)}${"  #\n".repeat(50_000)}`],
    ["a text that is too long", "a: ".padEnd(9 * 1_048_576, "x")],
    ["a text whose UTF-8 is too long", `#${"\u20AC".repeat(62)}\n`.repeat(3 * 16_384)],
  ])("A-P1: refuses %s by size", (_what, text) => {
    const spent = busyMs(() => expect(read(text).issues).toMatchObject([{ code: "yaml_size" }]));
    expect(spent).toBeLessThan(FAST_MS);
  });

  it("A-P1: reports anchors, aliases and tags one by one, and a hundred of them as the end", () => {
    const few = read(`[&a x, ${"*a, ".repeat(20)}!t y]`).issues;
    expect(few.map(({ code }) => code)).toEqual([...Array.from({ length: 21 }, () => "yaml_alias"), "yaml_tag"]);
    const many = read(`[&a x${", *a".repeat(500_000)}]`).issues;
    expect(many).toMatchObject([{ code: "yaml_alias", line: 1, column: 404 }]);
  });

  it("reads ten thousand rules in one text of some three MiB", () => {
    const rule = (index: number): string =>
      [
        `  - id: rule-${index}`,
        `    action: [service-${index}.pay, "service-${index}.refund"]`,
        `    when: 'input.amount_minor <= ${index} && input.currency in ["USD", "EUR", "GBP", "CHF"]'`,
        "    effect: approve # a person looks at each of them",
        `    reason: payments of the service ${index} are looked at, whatever they are for`,
        "    approval: { expires_in: 3600, use_within: 15m }",
        "    proof:",
        "      ttl: 5m",
      ].join("\n");
    const text = `leash: 1\nrules:\n${Array.from({ length: 10_000 }, (_, index) => rule(index)).join("\n")}\n`;
    expect(text.length).toBeGreaterThan(3_000_000);
    const { node, issues } = read(text);
    expect(issues).toEqual([]);
    const rules = node?.kind === "map" ? node.members.get("rules")?.value : undefined;
    expect(rules?.kind === "list" ? rules.items.length : undefined).toBe(10_000);
  });

  it("points at keys by RFC 6901", () => {
    expect(read("a/b~c:\n  - { d: 1, d: 2 }").issues).toMatchObject([{ pointer: "/a~1b~0c/0/d" }]);
  });

  it("tells nothing behind the first slip of the pen", () => {
    expect(read("a: &x 1\nb: [1, 2\n? [c]\n1: d\nb: 2").issues.map(({ code }) => code)).toEqual([
      "yaml_alias",
      "yaml_syntax",
    ]);
  });

  it("A-A10: takes constructor and toString for plain keys", () => {
    const { node, issues } = read("constructor: 1\ntoString: 2");
    expect(issues).toEqual([]);
    expect(node && toJson(node)).toEqual({ constructor: 1, toString: 2 });
    expect(Object.prototype).not.toHaveProperty("x");
  });

  it("knows where a text shows a value letter by letter", () => {
    const at = (text: string): number | undefined => {
      const { node } = read(text);
      const value = node?.kind === "map" ? node.members.get("a")?.value : undefined;
      return value?.kind === "scalar" ? value.verbatimAt : undefined;
    };
    expect(at("a: plain")).toBe(3);
    expect(at("a: 'quoted'")).toBe(4);
    expect(at("a: 'it''s'")).toBeUndefined();
    expect(at("a: folded\n  text")).toBeUndefined();
  });
});
