import { describe, expect, it } from "vitest";
import { atLeast } from "../../core/model/effect.ts";
import type { Json } from "../../core/model/json.ts";
import { compare } from "../differential/compare.ts";
import { type Draw, draw } from "../differential/draw.ts";
import { answerOf, ask, load } from "../differential/engine.ts";
import { call as drawCall, layers as drawLayers } from "../differential/generate.ts";
import { condition } from "../differential/generate-conditions.ts";
import type { Answer, Call, Compute, Document, Rule } from "../differential/language.ts";
import { oracle } from "../differential/oracle.ts";

const POLICIES = 80;
const CALLS = 10;

type Layers = readonly Document[];
type Evaluator = (layers: Layers) => (call: Call) => Answer;

const EVALUATORS: readonly (readonly [name: string, evaluator: Evaluator])[] = [
  [
    "the engine",
    (layers) => {
      const policy = load(layers);
      return (call) => answerOf(ask(policy, call));
    },
  ],
  ["the plain reading", (layers) => (call) => oracle(layers, call)],
];

/** The layers with their rules changed, each layer's list as a whole. */
const withRules = (layers: Layers, change: (rules: readonly Rule[], layer: number) => readonly Rule[]): Layers =>
  layers.map((layer, index) => ({ ...layer, rules: change(layer.rules ?? [], index) }));

/** Many policies and calls; `check` gets the same randomness that made them, for what it changes. */
function forMany(
  check: (drawn: {
    readonly random: Draw;
    readonly layers: Layers;
    readonly calls: readonly Call[];
    readonly seed: number;
  }) => void,
): void {
  for (let seed = 1; seed <= POLICIES; seed += 1) {
    const random = draw(seed);
    const layers = drawLayers(random);
    check({ random, layers, calls: random.several(CALLS, CALLS, () => drawCall(random, layers)), seed });
  }
}

function shuffled<Item>(random: Draw, items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => [random.next(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** The same JSON with the members of every object in another order. */
function reordered<Value>(random: Draw, value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => reordered(random, item)) as Value;
  const members = Object.entries(value).map(([name, member]) => [name, reordered(random, member)] as const);
  return Object.fromEntries(shuffled(random, members)) as Value;
}

const isDeny = ({ effect }: Rule): boolean => effect === "deny";

describe("the whole language", () => {
  it("A-A16: A-P5: I6: the engine agrees with a plain reading of it, which reaches every kind of answer", () => {
    const { cases, unloadable, differences, reached } = compare({
      seed: 1,
      cases: 8_000,
      deadline: Date.now() + 10_000,
    });
    expect({ unloadable: unloadable.slice(0, 3), differences: differences.slice(0, 3) }).toEqual({
      unloadable: [],
      differences: [],
    });
    expect(cases).toBeGreaterThan(2_000);
    const seldom = ["allow", "approve", "step_up", "deny"].filter(
      (effect) => (reached.get(`effect ${effect}`) ?? 0) < cases / 10,
    );
    expect(seldom).toEqual([]);
    expect([...reached.keys()]).toEqual(
      expect.arrayContaining([
        ...["rule", "rule_unknown", "tool_default", "default", "compute_unknown", "limit", "limit_unknown"].map(
          (code) => `reason ${code}`,
        ),
        ...["transform", "obligations", "shadow", "counterparty"].map((part) =>
          `with a ${part}`.replace("a obl", "obl"),
        ),
      ]),
    );
  });
});

describe.each(EVALUATORS)("%s", (_name, evaluator) => {
  it("A-P5: does not mind where denies stand", () => {
    forMany(({ random, layers, calls, seed }) => {
      const moved = withRules(layers, (rules) => {
        const list = rules.filter((rule) => !isDeny(rule));
        for (const deny of rules.filter(isDeny)) list.splice(random.integer(list.length + 1), 0, deny);
        return list;
      });
      const [before, after] = [evaluator(layers), evaluator(moved)];
      for (const call of calls) {
        const { effect, transform } = before(call);
        expect(after(call), `seed ${seed}`).toMatchObject({ effect, transform });
      }
    });
  });

  it("A-P5: does not mind the order of tools, nor of members anywhere", () => {
    forMany(({ random, layers, calls, seed }) => {
      const [before, after] = [evaluator(layers), evaluator(reordered(random, layers))];
      for (const call of calls) expect(after(reordered(random, call)), `seed ${seed}`).toEqual(before(call));
    });
  });

  it("A-P5: I6: adding a firm deny anywhere leaves the effect as it was or denies", () => {
    forMany(({ random, layers, calls, seed }) => {
      const into = random.integer(layers.length);
      const deny: Rule = {
        id: "added",
        action: random.pick(["*", "pay.*", "ship"]),
        when: condition(random),
        effect: "deny",
      };
      const more = withRules(layers, (rules, index) =>
        index === into ? rules.toSpliced(random.integer(rules.length + 1), 0, deny) : rules,
      );
      const [before, after] = [evaluator(layers), evaluator(more)];
      for (const call of calls) expect([before(call).effect, "deny"], `seed ${seed}`).toContain(after(call).effect);
    });
  });

  /** An expression of a compute that loses its argument, or its rule, is another matter: what runs is then decided again. */
  it("A-A16: I6: leaving an argument out never lowers the effect, for conditions that do not ask whether it is there", () => {
    forMany(({ random, layers: drawn, calls, seed }) => {
      const asks = (rule: Rule): boolean => ASKS.test(JSON.stringify(rule.when ?? true));
      const layers = withRules(drawn, (rules) => rules.filter((rule) => !asks(rule)).map(uncomputed));
      const decide = evaluator(layers);
      for (const call of calls) {
        const input = without(random, call.input);
        const [before, after] = [decide(call).effect, decide({ ...call, input }).effect];
        expect(
          atLeast(after, before),
          `seed ${seed}: ${before} became ${after} for ${JSON.stringify({ layers, call, input })}`,
        ).toBe(true);
      }
    });
  });

  it("I1: the form that it computes, decided again, stays as it is or is denied", () => {
    let changed = 0;
    forMany(({ random, layers: drawn, calls, seed }) => {
      let chosen = false;
      const layers = withRules(drawn, (rules) =>
        rules.map((rule) => {
          if (rule.compute === undefined || chosen) return uncomputed(rule);
          chosen = true;
          return { ...rule, compute: random.pick(IDEMPOTENT) };
        }),
      );
      const decide = evaluator(layers);
      for (const call of calls) {
        const { transform } = decide(call);
        if (transform === null) continue;
        changed += 1;
        const again = decide({ ...call, input: transform.input });
        expect([null, "deny"], `seed ${seed}`).toContain(again.effect === "deny" ? "deny" : again.transform);
      }
    });
    expect(changed).toBeGreaterThan(10);
  });

  it("I13: gives the same bytes twice, and again when loaded anew", () => {
    forMany(({ layers, calls, seed }) => {
      const [first, second] = [evaluator(layers), evaluator(layers)];
      for (const call of calls) {
        const text = JSON.stringify(first(call));
        expect(JSON.stringify(first(call)), `seed ${seed}`).toBe(text);
        expect(JSON.stringify(second(call)), `seed ${seed}`).toBe(text);
      }
    });
  });
});

/** Conditions that see whether a member is there, also by comparing all that is around it. */
const ASKS = /"(?:has|exists)":|"path":"input\.m"/u;

/** The rule without its form, and with an effect that needs none. */
function uncomputed({ compute, ...rule }: Rule): Rule {
  return compute === undefined || !/^(?:compute|modify|transform)$/u.test(rule.effect)
    ? rule
    : { ...rule, effect: "allow" };
}

/** Forms that change nothing when applied to what they made. */
const IDEMPOTENT: readonly Compute[] = [
  { set: { n: { cel: { call: "min", of: [{ path: "input.n" }, { value: 1 }] } } } },
  { set: { "m.k": { cel: { call: "max", of: [{ path: "input.m.k" }, { value: 2 }] } } }, remove: ["l"] },
  { set: { new: true, s: { cel: { path: "agent" } } } },
  { remove: ["m.t", "f"] },
];

/** The input without one of its members, at the top or one level down. */
function without(random: Draw, input: Json): Json {
  const places = Object.entries(Object(input) as Readonly<Record<string, Json>>);
  if (Array.isArray(input) || places.length === 0) return input;
  const [left] = random.pick(places);
  const inner = new Map(places).get("m");
  if (left === "m" && random.chance(0.5) && typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
    return { ...Object.fromEntries(places), m: without(random, inner) };
  }
  return Object.fromEntries(places.filter(([name]) => name !== left));
}
