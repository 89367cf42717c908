import { celEnv, type CelEnv, type CelInput, celMethod, CelScalar, parse, plan } from "@bufbuild/cel";
import { byTool, toolOf } from "./by-tool.ts";
import { answerBy, type Engine, inProcess, type Maker } from "./engine.ts";
import { conditionText } from "./ours.ts";
import type { Rule } from "./rules.ts";
import type { Request } from "./traffic.ts";

type Bindings = Record<string, CelInput>;

interface Planned {
  readonly rule: Rule;
  readonly tool: string;
  readonly holds: (bindings: Bindings) => unknown;
}

interface Call {
  readonly service: string;
  readonly tool: string;
  readonly bindings: Bindings;
}

/** The library alone: every rule's tool is compared, and its condition evaluated where it fits. */
export const celScan: Maker = {
  name: "@bufbuild/cel",
  form: "conditions planned once, inputs as CEL maps of ints beforehand; rules tried in order",
  scans: true,
  role: "peer",
  make(rules, requests) {
    const planned = planAll(rules, celEnv());
    const find = ({ service, tool, bindings }: Call): Planned | undefined =>
      planned.find((rule) => (rule.tool === tool || rule.tool === service) && rule.holds(bindings) === true);
    return engine(this.name, requests, find);
  },
};

export const celIndexed: Maker = {
  name: "@bufbuild/cel, same tool index",
  form: "as above, but only the tool's own rules tried; it compiles a pattern on each evaluation",
  scans: false,
  role: "aided",
  make(rules, requests) {
    return indexed(this.name, rules, requests, celEnv());
  },
};

export const celIndexedPatternsKept: Maker = {
  name: "@bufbuild/cel, same index, patterns kept",
  form: "as above, with `matches` replaced by one that keeps JavaScript's compiled patterns",
  scans: false,
  role: "aided",
  make(rules, requests) {
    const kept = new Map<string, RegExp>();
    const matches = celMethod("matches", CelScalar.STRING, [CelScalar.STRING], CelScalar.BOOL, function (pattern) {
      const compiled = kept.get(pattern) ?? new RegExp(pattern, "u");
      kept.set(pattern, compiled);
      return compiled.test(this);
    });
    return indexed(this.name, rules, requests, celEnv({ funcs: [matches] }));
  },
};

function indexed(name: string, rules: readonly Rule[], requests: readonly Request[], environment: CelEnv): Engine {
  const index = byTool(rules, planAll(rules, environment), requests);
  return engine(name, requests, ({ tool, bindings }) => {
    for (const rule of index.get(tool) ?? []) if (rule.holds(bindings) === true) return rule;
    return undefined;
  });
}

function planAll(rules: readonly Rule[], environment: CelEnv): readonly Planned[] {
  return rules.map((rule) => ({
    rule,
    tool: toolOf(rule),
    holds: plan(environment, parse(conditionText(rule))),
  }));
}

function engine(name: string, requests: readonly Request[], find: (call: Call) => Planned | undefined): Engine {
  const calls = requests.map(({ service, tool, input }) => ({ service, tool, bindings: { input: toCel(input) } }));
  return inProcess(name, calls, find, (found) => answerBy(found?.rule));
}

/** Whole numbers as CEL ints, so that comparing them with the rules' ints takes no conversion. */
function toCel(input: Request["input"]): CelInput {
  return new Map(
    Object.entries(input).map(([name, value]) => [name, typeof value === "number" ? BigInt(value) : (value as string)]),
  );
}
