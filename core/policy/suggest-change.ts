import { canonicalText } from "../canonical.ts";
import type { Action } from "../model/call.ts";
import type { Facts } from "../model/facts.ts";
import type { Json } from "../model/json.ts";
import type { SuggestedChange, Suggestion } from "../model/policy.ts";
import type { ToolSpec } from "../model/tool.ts";
import type { CompiledPolicy } from "./compile.ts";
import type { Comparison } from "./conditions/condition.ts";
import { evaluate } from "./evaluate.ts";
import type { MoneyStatement } from "./guards/money.ts";
import { valueAt } from "./language/paths.ts";
import { amountOf, usedOf } from "./limits.ts";
import { equal, withMember } from "./transform.ts";
import { CallView } from "./view.ts";

/** Single changes that are tried; a tool with more values in its rules gets no suggestion beyond them. */
const MOST_CANDIDATES = 64;

/** Changes made together at most. */
const MOST_TOGETHER = 3;

/** Times the engine is asked. */
const MOST_TRIALS = 20_000;

interface Candidate {
  readonly steps: readonly string[];
  readonly to: Json;
}

/**
 * The fewest changes of the input that the policy would allow, each value one that stands in the policy itself or lies right
 * beside it. Every suggestion was decided by the engine; what needs another fact than the given ones is never suggested.
 */
export function suggestChange(
  policy: CompiledPolicy,
  action: Action,
  tool: ToolSpec,
  facts: Facts,
): Suggestion | undefined {
  if (evaluate(policy, action, tool, facts).effect === "allow") return undefined;
  const candidates = candidatesOf(policy, action, tool, facts);
  let trials = 0;
  for (let size = 1; size <= MOST_TOGETHER; size += 1) {
    for (const chosen of choices(candidates, size)) {
      trials += 1;
      if (trials > MOST_TRIALS) return undefined;
      const input = chosen.reduce<Json | undefined>(
        (before, { steps, to }) => before && withMember(before, steps, to),
        action.input,
      );
      if (input === undefined) continue;
      const decision = evaluate(policy, { ...action, input }, tool, facts);
      if (decision.effect === "allow" && decision.transform === null) {
        return { changes: chosen.map((candidate) => changeOf(candidate, action)), input, decision };
      }
    }
  }
  return undefined;
}

function changeOf({ steps, to }: Candidate, { input }: Action): SuggestedChange {
  return { path: `input.${steps.join(".")}`, from: valueAt(input, steps) ?? null, to };
}

/** Values that would turn some comparison of the tool's rules, or bring it within a limit; nearest to what is first. */
function candidatesOf(policy: CompiledPolicy, action: Action, tool: ToolSpec, facts: Facts): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  const add = (steps: readonly string[], to: Json): void => {
    if (steps.length === 0 || equal(valueAt(action.input, steps), to)) return;
    found.set(canonicalText([steps, to]), { steps, to });
  };
  for (const portion of policy.index.of(tool).portions) {
    const view = new CallView(action, tool, facts, portion);
    const money = portion.money;
    for (const { condition } of [...portion.denies, ...portion.others]) {
      for (const comparison of condition?.comparisons ?? []) {
        const steps = stepsOf(comparison.path, portion.counterparty, money?.amount, currencyPath(money));
        if (steps !== undefined) for (const value of turning(comparison)) add(steps, value);
      }
    }
    for (const limit of portion.limits) {
      const [amount, used] = [amountOf(limit, view), usedOf(limit, view)];
      const steps = limit.sum === "money" ? money?.amount : limit.sum;
      if (amount === undefined || used === undefined || steps === undefined) continue;
      if (used + amount > limit.max && used < limit.max) add(steps, limit.max - used);
    }
  }
  const nearest = (a: Candidate, b: Candidate): number => distance(a, action) - distance(b, action);
  return [...found.values()].sort(nearest).slice(0, MOST_CANDIDATES);
}

/** A currency that the policy itself states is no member of the input. */
function currencyPath(money: MoneyStatement | undefined): readonly string[] | undefined {
  return typeof money?.currency === "string" ? undefined : money?.currency;
}

/** Where in the input a comparison's left side stands; undefined where it is not of the input. */
function stepsOf(
  [variable, ...steps]: readonly string[],
  counterparty: readonly string[] | "unreadable" | undefined,
  amount: readonly string[] | undefined,
  currency: readonly string[] | undefined,
): readonly string[] | undefined {
  if (variable === "input") return steps;
  if (variable === "counterparty" && steps[0] === "id" && counterparty !== "unreadable") return counterparty;
  if (variable === "money") return steps[0] === "amount" ? amount : currency;
  return undefined;
}

/** The values on either side of a comparison's edge. */
function turning({ operator, values }: Comparison): readonly Json[] {
  return values.flatMap((value): readonly Json[] => {
    if (typeof value !== "number" || operator === "==" || operator === "in") return [value];
    return Number.isSafeInteger(value) ? [value, value - 1, value + 1].filter(Number.isSafeInteger) : [value];
  });
}

function distance({ steps, to }: Candidate, { input }: Action): number {
  const from = valueAt(input, steps);
  return typeof from === "number" && typeof to === "number" ? Math.abs(from - to) : 0;
}

/** All choices of `size` candidates that change different members, in order. */
function* choices(candidates: readonly Candidate[], size: number, from = 0): Generator<readonly Candidate[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let index = from; index < candidates.length; index += 1) {
    const candidate = candidates[index];
    if (candidate === undefined) return;
    for (const others of choices(candidates, size - 1, index + 1)) {
      if (others.every(({ steps }) => steps.join("\0") !== candidate.steps.join("\0"))) yield [candidate, ...others];
    }
  }
}
