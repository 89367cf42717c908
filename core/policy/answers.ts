import type { ApprovalTerms, Decision, Obligation, ReasonCode } from "../model/decision.ts";
import type { Effect, Mode } from "../model/effect.ts";
import { approvalTerms, DEFAULT_PROOF_TTL_MS } from "./language/terms.ts";

/** Whose decisions they are. */
export interface Identity {
  readonly policyId: string;
  readonly policyDigest: string;
  readonly mode: Mode;
}

export interface AnswerParts {
  readonly effect: Effect;
  readonly rule: string | null;
  readonly ruleDigest: string | null;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  readonly terms?: ApprovalTerms | null;
  readonly proofTtlMs?: number;
  readonly obligations?: readonly Obligation[];
}

/** What an effect does, in a sentence whose subject is a rule. */
export const VERBS: Readonly<Record<Effect, string>> = {
  allow: "allows",
  approve: "asks a person",
  step_up: "asks a person to prove who they are",
  deny: "refuses",
};

/** Whose question a standing yes may answer: a rule's own, an entry's or the default's. */
const TAKES_AGAIN: ReadonlySet<ReasonCode> = new Set(["rule", "tool_default", "default"]);

/** The terms of a question that takes no standing yes: an approver is offered none that could never be used. */
export function withoutAgain(terms: ApprovalTerms): ApprovalTerms {
  const { again: _again, ...others } = terms;
  return Object.freeze(others);
}

/** One whole, frozen decision without a counterparty: made at load, so that deciding makes nothing. */
export function answer(identity: Identity, parts: AnswerParts): Decision {
  const stated = parts.terms ?? approvalTerms(parts.effect);
  const terms = stated !== null && !TAKES_AGAIN.has(parts.reasonCode) ? withoutAgain(stated) : stated;
  for (const part of [terms?.methods, terms?.roles, terms?.notify, terms?.again, terms?.again?.vary])
    Object.freeze(part);
  return Object.freeze({
    v: 1,
    effect: parts.effect,
    rule: parts.rule,
    ruleDigest: parts.ruleDigest,
    reasonCode: parts.reasonCode,
    reason: parts.reason,
    transform: null,
    obligations: Object.freeze(parts.obligations ?? []),
    terms: Object.freeze(terms),
    counterparty: null,
    proofTtlMs: parts.proofTtlMs ?? DEFAULT_PROOF_TTL_MS,
    mode: identity.mode,
    policyId: identity.policyId,
    policyDigest: identity.policyDigest,
  });
}
