import * as fc from "fast-check";
import type { Json, JsonObject } from "../../model/json.ts";
import { sampleCall } from "../call.fixture.ts";
import type { CallInView } from "./bindings.ts";

/** Names with a meaning in JavaScript beside ordinary ones: in a condition all are data. */
const NAMES = ["a", "b", "c", "m", "constructor", "__proto__", "length", "toString", "0", "odd key"] as const;

const NUMBERS = [0, -0, 1, 2, 3, -1, 1.5, 0.1, 1e300, -1e-7, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 53, 2 ** 53 + 2, 1e21];

const TEXTS = ["", "a", "b", "ab", "aba", "USD", "EUR", "1", "true", "https://a.com/x", "é", "😀", "a\nb", "10", "Z"];

/** Objects made of entries, so that `__proto__` is a member and not the prototype. */
function objects(member: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> {
  return fc
    .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), member), { selector: ([name]) => name, maxLength: 6 })
    .map((entries) => Object.fromEntries(entries));
}

const scalars: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 2, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
);

const numbers: fc.Arbitrary<Json> = fc.constantFrom(...NUMBERS);
const texts: fc.Arbitrary<Json> = fc.constantFrom(...TEXTS);

const values: fc.Arbitrary<Json> = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 5, arbitrary: scalars },
    { weight: 2, arbitrary: fc.array(tie("any"), { maxLength: 4 }) },
    { weight: 2, arbitrary: objects(tie("any")) },
  ),
})).any;

const inputs: fc.Arbitrary<Json> = fc.oneof({ weight: 12, arbitrary: fullObjects() }, { weight: 1, arbitrary: values });

/** Mostly what conditions take them for: `a` a number, `b` a text, `c` a list, `m` a map. */
function fullObjects(): fc.Arbitrary<Json> {
  const mostly = (usual: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
    fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: values });
  const lists = fc.oneof(fc.array(numbers, { maxLength: 4 }), fc.array(texts, { maxLength: 4 }), fc.array(values));
  const own = fc.record(
    { a: mostly(numbers), b: mostly(texts), c: mostly(lists), m: mostly(objects(values)) },
    { requiredKeys: ["a", "b"] },
  );
  const more = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: objects(values) });
  return fc
    .tuple(own, more)
    .map(([usual, odd]) => Object.fromEntries([...Object.entries(usual), ...Object.entries(odd)]));
}

/** Calls of all kinds. */
export const calls: fc.Arbitrary<CallInView> = fc
  .record({
    input: inputs,
    session: fc.constantFrom(null, "s1"),
    trust: fc.constantFrom(undefined, "HIGH", "NONE"),
    amount: fc.constantFrom(undefined, 0, 1, 5000),
    idempotent: fc.boolean(),
    now: fc.constantFrom(0, 1_700_000_000_000, Number.NaN),
  })
  .map(({ input, session, trust, amount, idempotent, now }) => ({
    ...sampleCall(input, {
      tool: { idempotent },
      action: { session, labels: { "/a": ["x", "untrusted"] } },
      facts: { now },
    }),
    counterparty: trust === undefined ? null : { id: "shop.com", trust },
    money: amount === undefined ? null : { amount, currency: "USD" },
    bindings: undefined,
  }));

const quoted = (text: string): string => JSON.stringify(text);

const literals: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("0", "1", "2", "-1", "3", "9007199254740991", "1.5", "1.0", "-0.0", "1e300", "0.1"),
  },
  { weight: 1, arbitrary: fc.constantFrom("9007199254740992", "9007199254740993", "1u", "b'a'", "-(1)", "-(1.5)") },
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS).map(quoted) },
  { weight: 2, arbitrary: fc.constantFrom("true", "false", "null") },
);

const lists: fc.Arbitrary<string> = fc.array(literals, { maxLength: 7 }).map((items) => `[${items.join(", ")}]`);

const indexes = fc.constantFrom(
  "0",
  "1",
  "-1",
  "1.0",
  "1.5",
  "true",
  "null",
  '"a"',
  '"constructor"',
  "input.b",
  "size(input.c)",
);

function paths(locals: readonly string[]): fc.Arbitrary<string> {
  const plain = fc.constantFrom("a", "b", "c", "m", "constructor", "length", "__proto__");
  const member = fc.oneof(
    plain.map((name) => `.${name}`),
    fc.constantFrom(...NAMES).map((name) => `[${quoted(name)}]`),
  );
  const variables = [
    "agent",
    "subject",
    "session",
    "tool.name",
    "tool.idempotent",
    "tool",
    "counterparty",
    "money",
    "labels",
  ];
  const bases: fc.Arbitrary<string>[] = [
    plain.map((name) => `input.${name}`),
    fc.constantFrom("input.a", "input.b"),
    fc.tuple(fc.constantFrom("input", "input.a", "input.m"), member).map(([base, step]) => base + step),
    fc.tuple(fc.constantFrom("input.a", "input.c", "input.m", "input"), indexes).map(([base, at]) => `${base}[${at}]`),
    fc.constantFrom(
      ...variables,
      "counterparty.trust",
      "counterparty.id",
      "money.amount",
      "money.currency",
      'labels["/a"]',
    ),
  ];
  if (locals.length > 0) {
    const local = fc.constantFrom(...locals);
    bases.push(
      local,
      local,
      local,
      fc.tuple(local, member).map(([base, step]) => base + step),
    );
  }
  return fc.oneof(...bases);
}

const PATTERNS = [
  "^a",
  "b$",
  "^ab?a$",
  "^(a|ab)+$",
  "^https://.*\\.com",
  "[0-9]+",
  "^$",
  "(USD|EUR)",
  "^.{1,3}$",
  "é|😀",
];

/** Values: paths, literals, and what functions make of them. */
export function operands(locals: readonly string[], depth: number): fc.Arbitrary<string> {
  const path = paths(locals);
  const simple = [
    { weight: 6, arbitrary: path },
    { weight: 4, arbitrary: literals },
    { weight: 1, arbitrary: lists },
    { weight: 1, arbitrary: fc.constantFrom('{"a": 1}', '{"b": [1], "a": null}', "{1: 2}", "int", "input") },
  ];
  if (depth <= 0) return fc.oneof(...simple);
  const inner = operands(locals, depth - 1);
  return fc.oneof(
    ...simple,
    { weight: 1, arbitrary: path.map((of) => `size(${of})`) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom("min", "max"), inner, inner).map(([name, a, b]) => `${name}(${a}, ${b})`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(inner, fc.constantFrom("+", "-", "*", "/", "%"), inner)
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(booleans(locals, depth - 1), inner, inner).map(([test, a, b]) => `(${test} ? ${a} : ${b})`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom("type", "dyn", "string", "int", "double"), inner)
        .map(([name, a]) => `${name}(${a})`),
    },
    { weight: 1, arbitrary: fc.tuple(inner, inner).map((items) => `[${items.join(", ")}]`) },
    { weight: 1, arbitrary: loops(locals, depth, ["map", "filter"]) },
    { weight: 1, arbitrary: fc.constantFrom("now.getHours()", "now.getDayOfWeek('Europe/Stockholm')", "now") },
  );
}

function loops(locals: readonly string[], depth: number, kinds: readonly string[]): fc.Arbitrary<string> {
  const name = locals.includes("x") ? "y" : "x";
  if (locals.length > 1) return fc.constant("true");
  const inner = [...locals, name];
  const ranges = fc.oneof(fc.constantFrom("input.c", "input.c", "input.a", "input.m", "input"), lists, paths(locals));
  return fc.constantFrom(...kinds).chain((kind) => {
    const body = kind === "map" ? operands(inner, depth - 1) : booleans(inner, depth - 1);
    return fc.tuple(ranges, body).map(([range, test]) => `${range}.${kind}(${name}, ${test})`);
  });
}

const WHOLE = ["0", "1", "2", "-1", "1.5", "1.0", "9007199254740991"] as const;
const OPERATORS = ["==", "!=", "<", "<=", ">", ">="] as const;

/** What policies say, over values of the types that they expect. */
function sensible(locals: readonly string[]): fc.Arbitrary<string> {
  const number = fc.constantFrom("input.a", "size(input.c)", "size(input.b)", "money.amount", ...locals);
  const text = fc.constantFrom("input.b", "input.b", "agent", "tool.name", "money.currency", ...locals);
  const fixed = fc.constantFrom(...TEXTS).map(quoted);
  const operator = fc.constantFrom(...OPERATORS);
  return fc.oneof(
    fc.tuple(number, operator, fc.constantFrom(...WHOLE)).map((parts) => parts.join(" ")),
    fc.tuple(fc.constantFrom(...WHOLE), operator, number).map((parts) => parts.join(" ")),
    fc.tuple(text, operator, fixed).map((parts) => parts.join(" ")),
    fc.tuple(text, fc.array(fixed, { maxLength: 8 })).map(([of, list]) => `${of} in [${list.join(", ")}]`),
    fc
      .tuple(text, fc.constantFrom("startsWith", "endsWith", "contains"), fixed)
      .map(([of, name, part]) => `${of}.${name}(${part})`),
    fc.tuple(text, fc.constantFrom(...PATTERNS)).map(([of, pattern]) => `${of}.matches(${quoted(pattern)})`),
    fc.tuple(fixed, fc.constantFrom("input.c", "input.m", "input")).map((parts) => parts.join(" in ")),
    fc.constantFrom("a", "b", "c", "m", "d", "constructor").map((name) => `has(input.${name})`),
    fc.constantFrom("tool.idempotent", "true", "false", "input.m == {}", "counterparty.trust == 'HIGH'"),
  );
}

/** Conditions. */
export function booleans(locals: readonly string[], depth: number): fc.Arbitrary<string> {
  const operand = operands(locals, depth - 1);
  const path = paths(locals);
  const comparison = fc.tuple(operand, fc.constantFrom("==", "!=", "<", "<=", ">", ">="), operand);
  const simple = [
    { weight: 30, arbitrary: sensible(locals) },
    { weight: 8, arbitrary: comparison.map(([a, operator, b]) => `${a} ${operator} ${b}`) },
    { weight: 3, arbitrary: fc.tuple(operand, lists).map(([a, list]) => `${a} in ${list}`) },
    { weight: 2, arbitrary: fc.tuple(operand, path).map(([a, range]) => `${a} in ${range}`) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom("input", "input.a", "input.m", "counterparty", "money", "tool", ...locals)
        .chain((of) =>
          fc
            .constantFrom("a", "b", "constructor", "length", "trust", "amount", "name")
            .map((name) => `has(${of}.${name})`),
        ),
    },
    { weight: 1, arbitrary: path },
    {
      weight: 3,
      arbitrary: fc
        .tuple(path, fc.constantFrom("startsWith", "endsWith", "contains"), operand)
        .map(([a, name, b]) => `${a}.${name}(${b})`),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(path, fc.constantFrom(...PATTERNS)).map(([a, pattern]) => `${a}.matches(${quoted(pattern)})`),
    },
  ];
  if (depth <= 0) return fc.oneof(...simple);
  const inner = booleans(locals, depth - 1);
  return fc.oneof(
    ...simple,
    {
      weight: 4,
      arbitrary: fc
        .tuple(inner, fc.constantFrom("&&", "||"), inner)
        .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(inner, fc.constantFrom("&&", "||"), inner, fc.constantFrom("&&", "||"), inner)
        .map((parts) => parts.join(" ")),
    },
    { weight: 2, arbitrary: inner.map((a) => `!(${a})`) },
    { weight: 1, arbitrary: fc.tuple(inner, inner, inner).map(([test, a, b]) => `(${test} ? ${a} : ${b})`) },
    {
      weight: 3,
      arbitrary: loops(locals, depth, ["all", "exists", "exists_one", "filter"]).map((text) =>
        text.includes(".filter(") ? `size(${text}) > 0` : text,
      ),
    },
  );
}
