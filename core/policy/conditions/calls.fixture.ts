import * as fc from "fast-check";
import type { Json, JsonObject } from "../../model/json.ts";
import { sampleCall } from "../call.fixture.ts";
import type { CallInView } from "./bindings.ts";

/** Names with a meaning in JavaScript beside ordinary ones: in a condition all are data. */
export const NAMES = ["a", "b", "c", "m", "constructor", "__proto__", "length", "toString", "0", "odd key"] as const;

const NUMBERS = [0, -0, 1, 2, 3, -1, 1.5, 0.1, 1e300, -1e-7, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 53, 2 ** 53 + 2, 1e21];

export const TEXTS = [
  "",
  "a",
  "b",
  "ab",
  "aba",
  "USD",
  "EUR",
  "1",
  "true",
  "https://a.com/x",
  "é",
  "😀",
  "a\nb",
  "10",
  "Z",
];

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
