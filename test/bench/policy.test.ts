import { afterEach, describe, expect, it, vi } from "vitest";
import type { Refusal } from "../../core/policy/guards/guard.ts";
import { closeAll, prepare } from "./policy/contest.ts";
import { answerBy, type Engine, inProcess, type Maker, verify, WrongAnswer } from "./policy/engine.ts";
import { checkGuard, GUARDS } from "./policy/guards.ts";
import { measureLoading, refuseTypos } from "./policy/loading.ts";
import { MAKERS } from "./policy/makers.ts";
import { conditionText, ours, policyText } from "./policy/ours.ts";
import { commandPattern, makeRules, perKind, type Rule } from "./policy/rules.ts";
import { makeTraffic, type Request } from "./policy/traffic.ts";
import { warmUp } from "./policy/warm-up.ts";

const SEED = 7;

/** A plain reading of the rules, which shares no code with any candidate. */
function matches(rule: Rule, { service, verb, input }: Request): boolean {
  const value: Readonly<Record<string, unknown>> = input;
  if (rule.service !== service || (rule.kind !== "any" && rule.kind !== verb)) return false;
  return perKind(rule, {
    pay: ({ most, currencies }) => Number(value["amount"]) <= most && currencies.includes(String(value["currency"])),
    fetch: ({ hosts }) => hosts.includes(String(value["host"])),
    write: ({ folder }) => String(value["path"]).startsWith(folder),
    run: (command) => new RegExp(commandPattern(command), "u").test(String(value["command"])),
    any: ({ environment, riskAbove }) =>
      value["environment"] === environment && value["dry_run"] === false && Number(value["risk"]) > riskAbove,
  });
}

describe("the traffic of the policy benchmark", () => {
  const rules = makeRules(60);
  const traffic = makeTraffic(rules, SEED);

  it("meets the rule that it says, and no other", () => {
    for (const request of traffic) {
      const found = rules.filter((rule) => matches(rule, request)).map(({ id }) => id);
      expect(found, JSON.stringify(request)).toEqual(request.rule === undefined ? [] : [request.rule.id]);
    }
  });

  it("matches in about half of the requests, by rules of each kind", () => {
    const kinds = traffic.flatMap(({ rule }) => rule?.kind ?? []);
    expect(kinds.length / traffic.length).toBeCloseTo(0.5, 1);
    for (const kind of ["pay", "fetch", "write", "run", "any"]) {
      expect(kinds.filter((each) => each === kind).length, kind).toBeGreaterThan(kinds.length / 8);
    }
  });

  it("has tools that no rule names, and conditions that fail for every kind of rule", () => {
    const others = traffic.filter(({ rule }) => rule === undefined);
    expect(others.some(({ service }) => service.startsWith("other"))).toBe(true);
    const known = others.filter(({ service }) => service.startsWith("svc"));
    expect(new Set(known.map(({ verb }) => verb))).toEqual(new Set(["pay", "fetch", "write", "run", "delete"]));
    // Risky on the real system, but only by two conditions of three.
    expect(known.some(({ input }) => input["environment"] === "production")).toBe(true);
  });

  it("speaks of every service, and is the same for the same seed", () => {
    expect(new Set(traffic.flatMap(({ rule }) => rule?.service ?? [])).size).toBe(12);
    expect(makeTraffic(rules, SEED)).toEqual(traffic);
    expect(makeTraffic(rules, SEED + 1)).not.toEqual(traffic);
  });

  it("is varied also in the few requests that an engine gets which tries 10,000 rules", () => {
    const few = makeTraffic(makeRules(10_000), 1).slice(0, 100);
    const kinds = new Set(few.map(({ rule }) => rule?.kind ?? "none"));
    expect(kinds).toEqual(new Set(["pay", "fetch", "write", "run", "any", "none"]));
  });
});

describe("the rules of the policy benchmark", () => {
  it("differ in their conditions, within a policy and from one to the next", () => {
    const conditions = [makeRules(1000), makeRules(1000, 200)].flat().map(conditionText);
    expect(new Set(conditions).size).toBe(2000);
  });
});

describe("the candidates of the policy benchmark", () => {
  it.each(MAKERS.flatMap((maker) => [10, 60].map((size) => [maker.name, size, maker] as const)))(
    "%s finds the right rule among %i",
    async (_name, size, maker) => {
      closeAll(await prepare([maker], size, SEED, 600));
    },
  );

  it("has names that tell them apart, and one of its own", () => {
    expect(new Set(MAKERS.map(({ name }) => name)).size).toBe(MAKERS.length);
    expect(MAKERS.filter(({ role }) => role === "ours")).toEqual([ours]);
  });
});

describe("a candidate that answers wrongly", () => {
  const closed = vi.fn<() => void>();
  afterEach(() => closed.mockClear());

  /** Answers as it should, but for what `spoil` makes of it. */
  const broken = (spoil: (answer: string | null) => string | null): Maker => ({
    name: "broken",
    form: "",
    scans: false,
    role: "peer",
    make: (_rules, requests): Engine => ({
      ...inProcess(
        "broken",
        requests,
        ({ rule }) => spoil(answerBy(rule)),
        (answer) => answer,
      ),
      close: closed,
    }),
  });

  it("is measured where nothing is spoilt", async () => {
    expect(await prepare([broken((answer) => answer)], 10, SEED, 100)).toHaveLength(1);
    expect(closed).not.toHaveBeenCalled();
  });

  it.each<[string, (answer: string | null) => string | null]>([
    ["forgets the rules that deny", (answer) => (answer?.endsWith("-any") === true ? null : answer)],
    ["never finds a rule", () => null],
    ["finds a rule where there is none", (answer) => answer ?? "allow svc0-pay"],
    ["allows what it must deny", (answer) => answer?.replace("deny", "allow") ?? null],
    ["takes one service for another", (answer) => answer?.replace("svc0", "svc1") ?? null],
  ])("is refused and closed, as are those before it: it %s", async (_what, spoil) => {
    const makers = [broken((answer) => answer), broken(spoil)];
    await expect(prepare(makers, 10, SEED, 100)).rejects.toThrow(WrongAnswer);
    expect(closed).toHaveBeenCalledTimes(2);
  });

  it("is refused where ours is the broken one", async () => {
    const other: Maker = { ...ours, make: (_rules, requests) => ours.make(makeRules(5), requests) };
    await expect(prepare([other], 10, SEED, 100)).rejects.toThrow(/^leashkit: request \d+, svc1\./u);
  });

  it("is refused where it leaves requests out", async () => {
    const traffic = makeTraffic(makeRules(10), SEED, 5);
    await expect(verify({ name: "short", answers: () => [], run: () => undefined }, traffic)).rejects.toThrow(
      "short gives 0 answers to 5 requests.",
    );
  });
});

describe("running a candidate", () => {
  it("goes on where the last round ended, and round and round", () => {
    const seen: number[] = [];
    const engine = inProcess(
      "counting",
      [1, 2, 3, 4],
      (request) => seen.push(request),
      () => null,
    );
    void engine.run(3);
    void engine.run(2);
    expect(seen).toEqual([1, 2, 3, 4, 1]);
  });

  it("gets as many calls a round as fill milliseconds", async () => {
    const spin = (calls: number): void => {
      const end = performance.now() + calls * 0.05;
      while (performance.now() < end);
    };
    const calls = await warmUp({ run: spin });
    expect(calls).toBeGreaterThan(50);
    expect(calls).toBeLessThanOrEqual(101);
  });
});

describe("loading, as the benchmark checks it", () => {
  const text = policyText(makeRules(10));

  it("refuses a typo in the last rule", () => {
    expect(() => refuseTypos(text)).not.toThrow();
  });

  it("is found out where it does not look at the last rule", () => {
    expect(() => refuseTypos(text, () => ({}))).toThrow('A policy with "efect: " in it loads.');
    expect(() => refuseTypos("leash: 1\n")).toThrow("has no");
  });

  it("is measured beside parsing the same texts", async () => {
    const { load, parse, times, kibibytes } = await measureLoading(10, { rounds: 3, budgetMs: 5_000, seed: SEED });
    expect(Math.min(...load, ...parse)).toBeGreaterThan(0);
    expect(times).toBeCloseTo(load[0] / parse[0], 6);
    expect(kibibytes).toBeCloseTo(3, 0);
  });
});

describe("the guards of the policy benchmark", () => {
  it.each(GUARDS.map((each) => [each.name, each] as const))(
    "%s lets its calls pass and refuses the wrong one",
    (_, each) => {
      expect(() => checkGuard(each)).not.toThrow();
    },
  );

  it.each(GUARDS.map((each) => [each.name, each] as const))(
    "%s is not measured where it lets everything pass, or nothing",
    (_, each) => {
      const refusal = { kind: "forbidden", code: "never", message: "never" } as const;
      const broken = (check: () => Refusal | undefined) => () =>
        checkGuard({ ...each, guard: { ...each.guard, check } });
      expect(broken(() => undefined)).toThrow(/is for \w+, not for undefined/u);
      expect(broken(() => refusal)).toThrow(/refuses call 0: never/u);
    },
  );
});
