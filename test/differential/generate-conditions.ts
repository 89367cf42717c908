import type { Json } from "../../core/model/json.ts";
import type { Draw } from "./draw.ts";
import type { Compute, Condition, Leaf, Operator, Term, Tree } from "./language.ts";

/** Where generated conditions look, by what ordinarily stands there; `input.gone` never does. */
const NUMBERS = ["input.n", "input.m.k", "input.amount", "money.amount"];
const TEXTS = ["input.s", "input.m.t", "input.to", "counterparty.id", "agent", "subject", "session", "tool.name"];
const WORDS = ["input.kind", "money.currency", "counterparty.trust", "tool.side_effect", "tool.origin"];
const FLAGS = ["input.f", "tool.idempotent"];
const LISTS = ["input.l", "input.m"];
const ODD = ["input.gone", "input.n.k", "input.l.k", "input.constructor", "input.m.toString"];

export const SAMPLES: readonly Json[] = [
  0,
  1,
  2,
  3,
  "1",
  "abc",
  "USD",
  "HIGH",
  true,
  null,
  [1, "x"],
  { k: 1 },
  1.5,
  -1,
];
const WRITTEN = SAMPLES.filter((sample) => sample !== 1.5);
const PARTS = ["a", "ab", "b", "c", "1", "x.", "read"];
const WORD_VALUES = ["x", "y", "USD", "EUR", "HIGH", "NONE", "write", "host"];

type Style = "cel" | "structured";

/** Conditions whose worth does not depend on the call, or is seen by nobody who knows CEL only by its trees. */
const KNOWN: readonly Tree[] = [
  { text: "true", worth: true },
  { text: "1 < 2", worth: true },
  { text: "size('ab') == 3", worth: false },
  { text: "1 / 0 == 1" },
  { text: "int('x') < 5" },
  { text: "'1' == 1", worth: false },
];

const operand = (random: Draw, paths: readonly string[], operators: readonly Operator[], value: () => Json): Leaf => {
  const path = random.pick(paths);
  const operator = random.pick(operators);
  const written = operator === "in" || operator === "nin" ? [value(), value()] : value();
  return { path, [operator]: written };
};

const ORDERED: readonly Operator[] = ["lt", "lte", "gt", "gte", "lt", "gte", "eq", "neq", "in", "nin"];
const TEXTUAL: readonly Operator[] = ["matches", "starts_with", "ends_with"];
const EQUAL: readonly Operator[] = ["eq", "neq", "in", "nin"];

function leaf(random: Draw, style: Style): Tree {
  const textual: readonly Operator[] = style === "structured" ? [...TEXTUAL, "contains"] : TEXTUAL;
  const any = [...NUMBERS, ...TEXTS, ...WORDS, ...FLAGS, ...LISTS, ...ODD];
  return random.weighted<Tree>(
    [8, () => operand(random, NUMBERS, ORDERED, () => random.integer(4))],
    [4, () => operand(random, TEXTS, textual, () => random.pick(PARTS))],
    [4, () => operand(random, WORDS, EQUAL, () => random.pick(WORD_VALUES))],
    [2, () => operand(random, FLAGS, ["eq", "neq"], () => random.chance(0.5))],
    [2, () => operand(random, any, EQUAL, () => random.pick(WRITTEN))],
    [1, () => operand(random, any, ["lt", "gte"], () => random.integer(4))],
    [1, () => operand(random, any, TEXTUAL, () => random.pick(PARTS))],
    [
      2,
      () =>
        style === "cel"
          ? { has: random.pick(any.filter((path) => path.startsWith("input."))) }
          : { path: random.pick(any), exists: random.chance(0.5) },
    ],
    [
      1,
      () => (style === "cel" ? random.pick(KNOWN) : operand(random, LISTS, ["contains"], () => random.pick(WRITTEN))),
    ],
  );
}

function tree(random: Draw, style: Style, depth: number): Tree {
  if (depth === 0 || random.chance(0.5)) return leaf(random, style);
  const inner = (): Tree => tree(random, style, depth - 1);
  return random.weighted<Tree>(
    [2, () => ({ all: random.several(1, 3, inner) })],
    [2, () => ({ any: random.several(1, 3, inner) })],
    [1, () => ({ not: inner() })],
    [style === "cel" ? 1 : 0, () => ({ if: [inner(), inner(), inner()] })],
  );
}

/** A rule's condition, in either form. */
export function condition(random: Draw): Condition {
  return random.weighted<Condition>(
    [5, () => ({ cel: tree(random, "cel", 2) })],
    [5, () => tree(random, "structured", 2)],
    [1, () => random.chance(0.5)],
  );
}

const SETTABLE = ["n", "s", "m.k", "m.t", "new", "made.up"];

function term(random: Draw, depth = 1): Term {
  return random.weighted<Term>(
    [
      3,
      () => ({
        path: random.pick(["input.n", "input.s", "input.m.k", "input.m", "agent", "money.amount", "input.gone"]),
      }),
    ],
    [2, () => ({ value: random.pick(WRITTEN) })],
    [
      depth * 4,
      () => ({ call: random.pick(["min", "max"] as const), of: [{ path: "input.n" }, { value: random.integer(4) }] }),
    ],
    [depth, () => ({ call: "+", of: [term(random, 0), term(random, 0)] })],
  );
}

/** A safe form; the paths that it sets and removes are apart. */
export function compute(random: Draw, tools: readonly string[]): Compute {
  const value = (): number | boolean | { readonly cel: Term } =>
    random.weighted<number | boolean | { readonly cel: Term }>(
      [1, () => random.integer(4)],
      [1, () => random.chance(0.5)],
      [4, () => ({ cel: term(random) })],
    );
  const set = Object.fromEntries(random.several(1, 2, () => [random.pick(SETTABLE), value()] as const));
  const remove = ["l", "f", "m.x", "gone"];
  const made = {
    ...random.maybe(0.8, () => ({ set })),
    ...random.maybe(0.3, () => ({ remove: [random.pick(remove)] })),
    ...random.maybe(0.1, () => ({ tool: random.pick(tools) })),
  };
  return Object.keys(made).length === 0 ? { set } : made;
}
