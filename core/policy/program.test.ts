import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../model/json.ts";
import { sampleCall } from "./call.fixture.ts";
import { condition } from "./conditions/condition.ts";
import { PACKED, packedAnswer } from "./conditions/questions.ts";
import { createIssueList } from "./issues.ts";
import { Members } from "./members.ts";
import { readYaml } from "./yaml.ts";

function read(text: string) {
  const { report, list } = createIssueList(text);
  const node = readYaml(JSON.stringify(text), report) ?? expect.fail("no text");
  const made = condition(node, report);
  return made ?? expect.fail(JSON.stringify(list()));
}

/** Told apart by one character, or by none. */
const TEXTS = ["", "a", "ab", "b", "ba", "bb", "c", "abc", "acab"];

const value = fc.constantFrom<Json>(0, 1, 5, -1, 1.5, "1", ...TEXTS, true, false, null, [], [1], {}, { a: 1 });
const literal = fc.constantFrom("0", "1", "1.5", "-1", '"a"', '"1"', "true", "null");
const member = fc.constantFrom("a", "b", "constructor", "toString");
const question = fc.oneof(
  fc.tuple(member, fc.constantFrom("==", "!="), literal).map(([name, sign, other]) => `input.${name} ${sign} ${other}`),
  fc
    .tuple(fc.constantFrom("0", "1", "1.5", "-1"), fc.constantFrom("<", "<=", ">", ">="), member)
    .map(([other, sign, name]) => `${other} ${sign} input.${name}`),
  fc
    .tuple(member, fc.constantFrom("<", "<=", ">", ">="), fc.constantFrom("0", "1", "1.5"))
    .map(([name, sign, other]) => `input.${name} ${sign} ${other}`),
  fc
    .tuple(member, fc.uniqueArray(literal, { minLength: 1, maxLength: 8 }))
    .map(([name, list]) => `input.${name} in [${list.join(", ")}]`),
  fc
    .tuple(member, fc.uniqueArray(fc.constantFrom(...TEXTS), { minLength: 5 }))
    .map(([name, list]) => `input.${name} in ${JSON.stringify(list)}`),
  fc.tuple(member, fc.constantFrom('""', '"a"', '"ab"')).map(([name, start]) => `input.${name}.startsWith(${start})`),
);
const pattern = fc
  .tuple(member, fc.constantFrom("a", "^a$", "^a(b|c)$", "[ab]+$", "^a(b|c)?[a-c]*$", "^(a|b)c?$"))
  .map(([name, text]) => `input.${name}.matches("${text}")`);
/** With at most one pattern: two of them share their steps, and are left to closures. */
const questions = fc
  .tuple(fc.array(question, { minLength: 1, maxLength: 3 }), fc.option(pattern, { nil: undefined }))
  .map(([plain, last]) => (last === undefined ? plain : [...plain, last]));

describe("questions that are laid out flat", () => {
  it("I6: have the answers of the closures, and so of CEL, for every kind of value", () => {
    const reached = new Map<string, number>();
    fc.assert(
      fc.property(
        questions,
        fc.oneof(
          fc.dictionary(fc.constantFrom("a", "b", "constructor"), value),
          fc.constantFrom<Json>([], "text", 1, null),
        ),
        (asked, input) => {
          const made = read(asked.join(" && "));
          const { action, tool, facts } = sampleCall(input);
          const view = { action, tool, facts, counterparty: null, money: null, bindings: undefined };
          const terms = made.packed ?? expect.fail(`not packed: ${made.source}`);
          const members = Members.of(action);
          const answers = terms.map(({ operator, member: number, values }) =>
            packedAnswer(operator, members.at(number), values, 0, values.length),
          );
          const packed = answers.includes(false) ? false : answers.includes(undefined) ? undefined : true;
          expect(packed, `${made.source} over ${JSON.stringify(input)}`).toBe(made.holds(view));
          reached.set(String(packed), (reached.get(String(packed)) ?? 0) + 1);
        },
      ),
      { numRuns: 5000 },
    );
    expect([...reached.keys()].sort()).toEqual(["false", "true", "undefined"]);
  });

  it("I6: are unknown for a text that is too long for a pattern, whether it begins right or not", () => {
    const [term, second] = read('input.a.matches("^yz[a-c]*(b|c)$")').packed ?? expect.fail("not packed");
    const { operator, values } = term ?? expect.fail("no question");
    expect([operator, second]).toEqual([PACKED.startsAndMatches, undefined]);
    const answers = ["yzab", "no", "y".repeat(65_537), `yz${"a".repeat(65_535)}`].map((text) =>
      packedAnswer(operator, text, values, 0, values.length),
    );
    expect(answers).toEqual([true, false, undefined, undefined]);
  });

  it.each([
    "input.a.b == 1",
    "input.a == input.b",
    "input.a == 1 || input.b == 1",
    "!(input.a == 1)",
    'agent == "x"',
    'input.a < "b"',
    "input.a == [1]",
    "input.a == 9007199254740993",
    "input.a in []",
    "input.a in input.b",
    'input.a.endsWith("x")',
    'input.a.matches("a") && input.b.matches("b")',
    'input.a.matches("^a(b|c)[d-f]*$") && input.b.matches("^a(b|c)[d-f]*$")',
    "has(input.a)",
    Array.from({ length: 9 }, (_, index) => `input.a != ${index}`).join(" && "),
  ])("are left to closures in every other condition: %s", (text) => {
    expect(read(text).packed).toBeUndefined();
  });
});
