import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EFFECTS, type Effect } from "../../core/model/effect.ts";
import type { Json, JsonObject } from "../../core/model/json.ts";
import { sampleCall } from "../../core/policy/call.fixture.ts";
import { loadPolicy } from "../../core/policy/index.ts";

/** OpenLeash as it is documented, and what its code makes of odd values, once more and without a line of ours. */
interface Rule {
  readonly id: string;
  readonly effect: "allow" | "deny";
  readonly action: string;
  readonly when?: When;
  readonly constraints?: Constraints;
  readonly requirements?: { readonly min_assurance_level: "LOW" | "SUBSTANTIAL" | "HIGH" };
  readonly obligations?: readonly { readonly type: string }[];
}

type When =
  | { readonly all: readonly When[] }
  | { readonly any: readonly When[] }
  | { readonly not: When }
  | { readonly match: { readonly path: string; readonly op: string; readonly value?: Json } };

interface Constraints {
  readonly amount_min?: number;
  readonly amount_max?: number;
  readonly currency?: readonly string[];
  readonly allowed_domains?: readonly string[];
  readonly blocked_domains?: readonly string[];
}

const read = (payload: JsonObject, path: string): unknown => payload[path.slice("$.payload.".length)];

function matches(payload: JsonObject, when: When): boolean {
  if ("all" in when) return when.all.every((one) => matches(payload, one));
  if ("any" in when) return when.any.some((one) => matches(payload, one));
  if ("not" in when) return !matches(payload, when.not);
  const { op, path, value } = when.match;
  const actual = read(payload, path);
  const [a, b] = [actual as number, value as number];
  const ordered = typeof actual === "number" && typeof value === "number";
  const meanings: Readonly<Record<string, () => boolean>> = {
    eq: () => actual === value,
    neq: () => actual !== value,
    in: () => Array.isArray(value) && value.includes(actual),
    nin: () => Array.isArray(value) && !value.includes(actual),
    lt: () => ordered && a < b,
    gte: () => ordered && a >= b,
    regex: () => typeof actual === "string" && new RegExp(typeof value === "string" ? value : "", "u").test(actual),
    exists: () => actual !== undefined && actual !== null,
  };
  return meanings[op]?.() ?? false;
}

function constrained(payload: JsonObject, constraints: Constraints): boolean {
  const { amount_minor: amount, currency, domain } = payload;
  const { amount_min: least, amount_max: most, currency: currencies, allowed_domains: allowed } = constraints;
  if (least !== undefined && !(typeof amount === "number" && amount >= least)) return false;
  if (most !== undefined && !(typeof amount === "number" && amount <= most)) return false;
  if (currencies !== undefined && !currencies.includes(currency as string)) return false;
  if (allowed !== undefined && !allowed.includes(domain as string)) return false;
  return constraints.blocked_domains?.includes(domain as string) !== true;
}

function documented(rules: readonly Rule[], fallback: Effect, payload: JsonObject): Effect {
  for (const rule of rules) {
    if (rule.action !== "*" && rule.action !== "purchase") continue;
    if (rule.when !== undefined && !matches(payload, rule.when)) continue;
    if (rule.constraints !== undefined && !constrained(payload, rule.constraints)) continue;
    if (rule.effect === "deny") return "deny";
    const types = (rule.obligations ?? []).map(({ type }) => type);
    if (types.includes("HUMAN_APPROVAL")) return "approve";
    // What the call says of its own assurance is left out: taking it at its word is a known hole.
    const level = rule.requirements?.min_assurance_level ?? "LOW";
    return types.includes("STEP_UP_AUTH") || level !== "LOW" ? "step_up" : "allow";
  }
  return fallback;
}

const value = fc.constantFrom<Json>(0, 5, 10, -3, "5", "a", "aa", true, null);
const path = fc.constantFrom("$.payload.a", "$.payload.b", "$.payload.c");
const question = fc.oneof(
  fc.record({ path, op: fc.constantFrom("eq", "neq"), value }),
  fc.record({ path, op: fc.constantFrom("in", "nin"), value: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }) }),
  fc.record({ path, op: fc.constantFrom("lt", "gte"), value: fc.constantFrom(0, 5, 10) }),
  fc.record({ path, op: fc.constant("regex"), value: fc.constantFrom("^a", "a+$", "[0-9]") }),
  fc.record({ path, op: fc.constant("exists") }),
);
const match = question.map((one): When => ({ match: one }));
const { when } = fc.letrec<{ when: When }>((tie) => ({
  when: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    match,
    fc.record({ all: fc.array(tie("when"), { minLength: 1, maxLength: 2 }) }),
    fc.record({ any: fc.array(tie("when"), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie("when") }),
  ),
}));
const domains = fc.uniqueArray(fc.constantFrom("a.com", "b.com", "x.a.com"), { minLength: 1, maxLength: 2 });
const constraints: fc.Arbitrary<Constraints> = fc.record(
  {
    amount_min: fc.constantFrom(0, 5, 10),
    amount_max: fc.constantFrom(5, 10),
    currency: fc.constant(["EUR", "USD"]),
    allowed_domains: domains,
    blocked_domains: domains,
  },
  { requiredKeys: [] },
);
const rule = fc.record(
  {
    effect: fc.constantFrom<"allow" | "deny">("allow", "allow", "deny"),
    action: fc.constantFrom("purchase", "*", "other"),
    when,
    constraints,
    requirements: fc.record({
      min_assurance_level: fc.constantFrom<"LOW" | "SUBSTANTIAL" | "HIGH">("LOW", "SUBSTANTIAL", "HIGH"),
    }),
    obligations: fc
      .uniqueArray(fc.constantFrom("HUMAN_APPROVAL", "STEP_UP_AUTH", "COUNTERPARTY_ATTESTATION"), { maxLength: 2 })
      .map((types) => types.map((type) => ({ type }))),
  },
  { requiredKeys: ["effect", "action"] },
);
const rules = fc
  .array(rule, { maxLength: 4 })
  .map((list) => list.map((one, index): Rule => ({ id: `r${index}`, ...one })));
const payload = fc.record(
  {
    a: fc.oneof(value, fc.constant(5.5)),
    b: value,
    amount_minor: fc.constantFrom<Json>(0, 5, 7, 10, 12, "7", -1, 7.5, null),
    currency: fc.constantFrom<Json>("EUR", "USD", "eur", "GBP"),
    domain: fc.constantFrom<Json>("a.com", "b.com", "A.com", "a.com.", "x.a.com", "y.a.com", ""),
    assurance_level: fc.constantFrom<Json>("HIGH", "constructor"),
  },
  { requiredKeys: [] },
);
const fallback = fc.constantFrom<["allow" | "deny" | "require_approval", Effect]>(
  ["deny", "deny"],
  ["allow", "allow"],
  ["require_approval", "approve"],
);

function decide(list: readonly Rule[], word: string, input: JsonObject): Effect {
  const { action, tool, facts } = sampleCall(input);
  return loadPolicy(JSON.stringify({ version: 1, default: word, rules: list })).evaluate(action, tool, facts).effect;
}

describe("an OpenLeash document", () => {
  it("B-H15, B-H16: is never decided laxer than it is documented, whatever a payload holds", () => {
    const reached = new Map<string, number>();
    fc.assert(
      fc.property(rules, fallback, payload, (list, [word, effect], input) => {
        const there = documented(list, effect, input);
        const here = decide(list, word, input);
        reached.set(`${there} ${here}`, (reached.get(`${there} ${here}`) ?? 0) + 1);
        expect(EFFECTS.indexOf(here)).toBeGreaterThanOrEqual(EFFECTS.indexOf(there));
      }),
      { numRuns: 800 },
    );
    expect([...reached.keys()].length).toBeGreaterThan(6);
  });

  it("is decided as documented where every value is there and of its kind", () => {
    const plain = fc.record({
      a: fc.constantFrom<Json>(0, 5, 10),
      b: fc.constantFrom<Json>(0, 5, 10),
      c: fc.constantFrom<Json>(0, 5, 10),
      amount_minor: fc.constantFrom<Json>(0, 5, 7, 10, 12),
      currency: fc.constantFrom<Json>("EUR", "USD", "GBP"),
      domain: fc.constantFrom<Json>("a.com", "b.com", "c.com"),
    });
    const bothAsked = (list: readonly Rule[]): boolean =>
      list.some(
        ({ obligations = [], requirements }) =>
          obligations.some(({ type }) => type === "HUMAN_APPROVAL") &&
          (obligations.some(({ type }) => type === "STEP_UP_AUTH") ||
            (requirements?.min_assurance_level ?? "LOW") !== "LOW"),
      );
    const asksTexts = (list: readonly Rule[]): boolean => JSON.stringify(list).includes('"regex"');
    fc.assert(
      fc.property(rules, fallback, plain, (list, [word, effect], input) => {
        // Two known differences: where both are asked for, the stricter counts here; a text's pattern over a number is unknown.
        fc.pre(!bothAsked(list) && !asksTexts(list));
        expect(decide(list, word, input)).toBe(documented(list, effect, input));
      }),
      { numRuns: 600 },
    );
  });
});
