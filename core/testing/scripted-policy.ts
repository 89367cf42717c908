import { domainDigest } from "../digest.ts";
import type { Action } from "../model/call.ts";
import type { ApprovalTerms, Decision } from "../model/decision.ts";
import type { Effect, Mode } from "../model/effect.ts";
import type { Facts } from "../model/facts.ts";
import type { Policy } from "../model/policy.ts";
import type { ToolSpec } from "../model/tool.ts";

/** What an approval of a scripted policy or a sample must satisfy, unless a test says otherwise. */
export const SAMPLE_TERMS: ApprovalTerms = {
  expiresInMs: 3_600_000,
  useWithinMs: 900_000,
  quorum: 1,
  roles: [],
  fourEyes: false,
  reasonRequired: false,
  methods: [],
  notify: [],
  edit: "other",
};

/** An effect, or a decision's members beside the defaults. */
export type ScriptedAnswer = Effect | Partial<Omit<Decision, "terms"> & { readonly terms: Partial<ApprovalTerms> }>;

/**
 * A policy whose answers a test writes itself, also the impossible ones: what it throws or returns goes straight to the path of
 * a call.
 * @example createLeash({ policy: scriptedPolicy(() => "allow"), store: "memory" })
 */
export function scriptedPolicy(
  answer: (action: Action, tool: ToolSpec, facts: Facts) => ScriptedAnswer,
  options: { readonly mode?: Mode; readonly canAsk?: boolean } = {},
): Policy {
  const digest = domainDigest("leashkit/policy/1", "scripted");
  return {
    id: "scripted",
    digest,
    source: '"scripted"',
    mode: options.mode,
    canAsk: options.canAsk ?? true,
    needs: () => [],
    evaluate(action, tool, facts) {
      const given = answer(action, tool, facts);
      const { terms, ...members } = typeof given === "string" ? { effect: given, terms: {} } : { terms: {}, ...given };
      const effect = members.effect ?? "allow";
      return {
        v: 1,
        effect,
        rule: "scripted",
        ruleDigest: domainDigest("leashkit/rule/1", "scripted"),
        reasonCode: "rule",
        reason: "The test says so.",
        transform: null,
        obligations: [],
        terms: effect === "approve" || effect === "step_up" ? { ...SAMPLE_TERMS, ...terms } : null,
        counterparty: null,
        proofTtlMs: 120_000,
        mode: "enforce",
        policyId: "scripted",
        policyDigest: digest,
        ...members,
      };
    },
  };
}
