import { describe, expect, it } from "vitest";
import { CASES, type Case } from "./cases.table.ts";
import { answerOf, ask, load } from "./engine.ts";
import type { Answer, Call, Document, Tree } from "./language.ts";
import { oracle } from "./oracle.ts";

const callOf = ({ call }: Case): Call => ({ tool: "pay", input: {}, ...call });

/** The parts that a case speaks of, in its own form. */
function spoken({ more = {} }: Case, answer: Answer): Pick<Case, "expect" | "more"> {
  const { effect, rule, reasonCode } = answer;
  const named = Object.entries(answer).filter(([name]) => name in more);
  return { expect: `${effect} ${rule} ${reasonCode}`, more: Object.fromEntries(named) };
}

const expected = ({ expect: answer, more = {} }: Case): Pick<Case, "expect" | "more"> => ({ expect: answer, more });

const inCel = (tree: Tree): boolean => !/"(?:contains|exists)"/u.test(JSON.stringify(tree));

/** The same document with its conditions in CEL. */
function withCel(document: Document): Document {
  if (document.rules === undefined) return document;
  const rules = document.rules.map((rule) => {
    const { when } = rule;
    if (typeof when !== "object" || "cel" in when || !inCel(when)) return rule;
    return { ...rule, when: { cel: when } };
  });
  return { ...document, rules };
}

describe("a case by hand", () => {
  it.each(CASES)("I6: the plain reading agrees: $name", (one) => {
    expect(spoken(one, oracle(one.layers, callOf(one)))).toEqual(expected(one));
  });

  it.each(CASES)("I6: the engine agrees: $name", (one) => {
    expect(spoken(one, answerOf(ask(load(one.layers), callOf(one))))).toEqual(expected(one));
  });

  it.each(CASES.filter(({ layers }) => JSON.stringify(layers.map(withCel)) !== JSON.stringify(layers)))(
    "I6: the engine agrees in CEL: $name",
    (one) => {
      expect(spoken(one, answerOf(ask(load(one.layers.map(withCel)), callOf(one))))).toEqual(expected(one));
    },
  );
});
