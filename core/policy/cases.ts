import type { Decision } from "../model/decision.ts";
import type { Facts } from "../model/facts.ts";
import type { Json } from "../model/json.ts";
import type { Policy } from "../model/policy.ts";
import type { Place } from "./issues.ts";
import type { PolicyCase } from "./language/cases.ts";
import { sampleAction, sampleTool } from "./sample.ts";
import { equal } from "./transform.ts";

/** A test of a document that does not hold. */
export interface FailedCase {
  readonly place: Place;
  readonly message: string;
}

/** Rounds of computed forms, as where calls are enforced. */
const MAXIMUM_ROUNDS = 4;

/** Runs the tests that a document embeds. A form that never settles is a denial, as it is where calls are enforced. */
export function failedCases(policy: Policy, cases: readonly PolicyCase[]): readonly FailedCase[] {
  return cases.flatMap((one) => {
    const message = failure(policy, one);
    return message === undefined ? [] : [{ place: one.place, message: `the test "${one.name}" fails: ${message}` }];
  });
}

function failure(policy: Policy, { call, facts, expect }: PolicyCase): string | undefined {
  const settled = settle(policy, call, factsOf(facts));
  if (settled === undefined) return "the computed form never settles";
  const { decision, input } = settled;
  const { effect, rule, reason_code: code, input: wanted } = expect;
  if (decision.effect !== effect)
    return `${effect} was expected, and the answer is ${decision.effect} (${decision.rule ?? "no rule"}: ${decision.reason})`;
  if (rule !== undefined && decision.rule !== rule) return `the rule is ${decision.rule ?? "none"}, not ${rule}`;
  if (code !== undefined && decision.reasonCode !== code) return `the reason is ${decision.reasonCode}, not ${code}`;
  if (wanted !== undefined && !equal(input, wanted)) return `what would run is ${JSON.stringify(input).slice(0, 200)}`;
  return undefined;
}

function factsOf({ now = 0, counterparty, probes = {} }: PolicyCase["facts"]): Facts {
  return { now, counterparty: counterparty ?? null, probes };
}

function settle(
  policy: Policy,
  call: PolicyCase["call"],
  facts: Facts,
): { readonly decision: Decision; readonly input: Json } | undefined {
  let { tool } = call;
  let input: Json = call.input ?? {};
  for (let round = 0; round < MAXIMUM_ROUNDS; round += 1) {
    const decision = policy.evaluate(sampleAction(call, tool, input), sampleTool(call, tool), facts);
    if (decision.transform === null) return { decision, input };
    ({ tool, input } = decision.transform);
  }
  return undefined;
}
