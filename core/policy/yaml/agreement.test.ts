import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { PolicyIssue } from "../../model/policy.ts";
import { createIssueList } from "../issues.ts";
import { type Located, toJson } from "../located.ts";
import { readYaml } from "../yaml.ts";

function read(text: string): { readonly root: Located | undefined; readonly issues: readonly PolicyIssue[] } {
  const issues = createIssueList(text);
  const root = readYaml(text, issues.report);
  return { root, issues: issues.list() };
}

/** The library's own reading: an independent composer over the same tokens. */
const parse = (text: string) =>
  parseDocument(text, { version: "1.2", schema: "core", strict: true, prettyErrors: false, logLevel: "silent" });

/** What makes up texts that are nearly YAML, or YAML in an unusual form. */
const PIECES = [
  ..."a|b: |c:\n|- |\n|\n  |\n    |\n |  | |[|]|{|}|, |,|:|: |? |'|\"|'x'|\"y\"|''|\\|\\\"|\\n|#| # c\n|#c\n|x y|1|-1|0x1|1.5".split(
    "|",
  ),
  ..."true,null,~,---\n,--- ,...\n,\t,\r\n,é,😀,a: b\n,k: v\n  ,- x\n,- - y\n,<<,!,&,*,%,@,`,-,?,k1:,\n\n,z:\n- 1\n- 2\n".split(
    ",",
  ),
  "|\n",
  ">\n",
  "|-\n",
  ">+\n",
  "|2\n",
  "q: [a, b]\n",
  "r: {s: t}\n",
  "k2: 'a\n  b'\n",
  "k3: a\n  b\n",
];

/** Each form of the language once, to be edited. */
const SAMPLES = [
  "# a comment\nleash: 1\nrules:\n  - id: a # why\n    action: [x, 'y.*']\n\n  -\n    id: b\n",
  "a: |\n  one\n\n   two\nb: >-\n  folded\n  text\n\n  more\nc: |+\n\n  kept\n\n",
  'a: {b: 1, "c":2, d: [e, f: g, {h: i}], }\nj: [\n  k,\n  l: m # n\n]\n',
  "? a\n: b\n? |\n  c\n: - d\n  - e\n? f\n",
  "a: plain over\n  two lines\nb: 'quoted ''over''\n  two'\nc: \"esc\\u0041ped \\\n  line\"\nd:\n",
  "- - a\n  - b: c\n    d: e\n-\n  - f\n- {}\n- []\n- ~\n",
  "---\na: b\r\nc:\r\n  - d\r\n...\n# end\n",
];

const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(""));

const edit = fc.record({ at: fc.nat(999), gone: fc.nat(3), piece: fc.constantFrom("", ...PIECES) });

const edited = fc.tuple(fc.constantFrom(...SAMPLES), fc.array(edit, { maxLength: 3 })).map(([sample, edits]) =>
  edits.reduce((text, { at, gone, piece }) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + piece + text.slice(start + gone);
  }, sample),
);

/** Where the two readings differ, in value or in place; undefined where nowhere. */
function difference(node: Located, other: unknown): string | undefined {
  if (isScalar(other)) {
    const isSame = node.kind === "scalar" && Object.is(node.value, other.value);
    return isSame && node.place.offset === other.range?.[0] ? undefined : `at ${node.place.pointer}: a scalar`;
  }
  if (isSeq(other)) {
    if (node.kind !== "list" || node.items.length !== other.items.length) return `at ${node.place.pointer}: a list`;
    if (node.place.offset !== other.range?.[0]) return `at ${node.place.pointer}: its place`;
    return firstOf(node.items.map((item, index) => difference(item, other.items[index])));
  }
  if (!isMap(other) || node.kind !== "map" || node.members.size !== other.items.length) {
    return `at ${node.place.pointer}: a block`;
  }
  if (node.place.offset !== other.range?.[0]) return `at ${node.place.pointer}: its place`;
  return firstOf(
    other.items.map(({ key, value }) => {
      const member = isScalar(key) ? node.members.get(String(key.value)) : undefined;
      if (member === undefined || !isScalar(key)) return `at ${node.place.pointer}: a key`;
      if (member.keyPlace.offset !== key.range?.[0]) return `at ${member.keyPlace.pointer}: the key's place`;
      return value === null ? undefined : difference(member.value, value);
    }),
  );
}

const firstOf = (found: readonly (string | undefined)[]): string | undefined => found.find((one) => one !== undefined);

describe("the YAML reader and the library's composer", () => {
  it("A-P1: agree on every value and place of whatever is read", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(soup, edited), (text) => {
        const { root, issues } = read(text);
        if (root === undefined || issues.length > 0) return;
        accepted += 1;
        const document = parse(text);
        expect([...document.errors, ...document.warnings]).toEqual([]);
        expect(difference(root, document.contents)).toBeUndefined();
        expect(toJson(root)).toEqual(document.toJS());
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(600);
  });

  it("agree on what is plain YAML: each sample is read", () => {
    for (const sample of SAMPLES) {
      const { root, issues } = read(sample);
      expect(issues, sample).toEqual([]);
      expect(root && difference(root, parse(sample).contents), sample).toBeUndefined();
    }
  });

  it("I11: refuse with at least one issue, each in its place within the text", () => {
    fc.assert(
      fc.property(fc.oneof(soup, edited, fc.string({ unit: "binary" })), (text) => {
        const { root, issues } = read(text);
        if (root === undefined) expect(issues.length).toBeGreaterThan(0);
        const lines = text.split("\n");
        for (const { line, column } of issues) {
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? -1) + 1);
        }
      }),
      { numRuns: 1200 },
    );
  });

  it.each([
    ..."null Null NULL nULL ~ true True TRUE tRUE false False FALSE yes on y n -- . .. + 0 -0 +0 00 1 -1 +1 1.".split(
      " ",
    ),
    ...".5 1.5 1e3 1E-3 1e 1e+ .e3 0x0 0xF 0xG -0x1 0o7 0o8 0b1 .inf .Inf .INF .iNF -.inf +.INF .nan .NaN .NAN -.nan".split(
      " ",
    ),
    ..."1_000 1,000 12:30 2001-01-01 9007199254740991 9007199254740992 -9007199254740991 1e400".split(" "),
  ])("A-A12: give the plain text %s the same type, or refuse the number", (source) => {
    const { root, issues } = read(`a: ${source}`);
    const theirs: unknown = parse(`a: ${source}`).toJS().a;
    if (issues.length > 0) {
      expect(issues).toMatchObject([{ code: "yaml_number", line: 1, column: 4 }]);
      expect(theirs).toBeTypeOf("number");
    } else expect(root && toJson(root)).toEqual({ a: theirs });
  });
});
