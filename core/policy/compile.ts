import { canonicalText } from "../canonical.ts";
import { domainDigest, sha256Hex } from "../digest.ts";
import type { ApprovalTerms, Decision, ReasonCode } from "../model/decision.ts";
import type { Effect, Mode } from "../model/effect.ts";
import type { Json } from "../model/json.ts";
import type { Condition } from "./conditions/condition.ts";
import type { HostTable } from "./hosts.ts";
import type { Trust } from "./language/counterparties.ts";
import type { ReadDocument } from "./language/document.ts";
import type { Pattern } from "./language/names.ts";
import type { RuleEntry } from "./language/rules.ts";
import { approvalTerms, DEFAULT_PROOF_TTL_MS } from "./language/terms.ts";
import type { ToolEntry } from "./language/tools.ts";
import { createToolIndex, type ToolIndex } from "./tool-index.ts";

/** Canonical text may be longer than the document, and a policy may have many rules. */
const DOCUMENT_LIMITS = { length: 8 * 1_048_576, members: 1_000_000 };

/** A rule ready to decide: everything of its answers that does not depend on the call is made at load. */
export interface CompiledRule {
  /** Position in the file. */
  readonly order: number;
  readonly patterns: readonly Pattern[];
  readonly effect: Effect;
  /** Undefined: always true. */
  readonly condition: Condition | undefined;
  readonly whenTrue: Decision;
  readonly whenUnknown: Decision;
}

/** A tool as the policy's `tools` block describes it. */
export interface CompiledTool {
  readonly names: readonly string[];
  /** Member names of the counterparty's path in the input. */
  readonly counterparty: readonly string[] | undefined;
  readonly idempotent: boolean | undefined;
  /** Its answer where no rule has one. */
  readonly decision: Decision | undefined;
}

/** A policy ready to decide. */
export interface CompiledPolicy {
  readonly id: string;
  readonly digest: string;
  readonly source: string;
  readonly mode: Mode | undefined;
  readonly canAsk: boolean;
  readonly trust: HostTable<Trust> | undefined;
  readonly index: ToolIndex;
  readonly fallback: Decision;
  /** The answer to whatever goes wrong while deciding. */
  readonly failed: Decision;
}

interface Identity {
  readonly policyId: string;
  readonly policyDigest: string;
  readonly mode: Mode;
}

/** Turns a read document into what decides. `json` is the plain document that the digest covers. */
export function compilePolicy(document: ReadDocument, json: Json): CompiledPolicy {
  const source = canonicalText(json, DOCUMENT_LIMITS);
  const id = document.id ?? "leash";
  const digest = sha256Hex(`leashkit/policy/1\n${source}`);
  const identity: Identity = { policyId: id, policyDigest: digest, mode: document.mode ?? "enforce" };
  const fallbackEffect = document.default ?? "deny";
  const tools = (document.tools ?? []).map((tool) => compileTool(tool, identity));
  const rules = (document.rules ?? []).map((rule, order) => compileRule(rule, order, identity));
  const effects = [fallbackEffect, ...rules.map(({ effect }) => effect), ...tools.map((tool) => tool.decision?.effect)];
  return {
    id,
    digest,
    source,
    mode: document.mode,
    canAsk: effects.some((effect) => effect === "approve" || effect === "step_up"),
    trust: document.counterparties,
    index: createToolIndex(rules, tools),
    fallback: answer(identity, {
      effect: fallbackEffect,
      rule: "default",
      ruleDigest: domainDigest("leashkit/rule/1", { default: fallbackEffect }),
      reasonCode: "default",
      reason: `no rule decides; the policy's default ${VERBS[fallbackEffect]}`,
    }),
    failed: answer(identity, {
      effect: "deny",
      rule: null,
      ruleDigest: null,
      reasonCode: "policy_error",
      reason: "the policy could not be evaluated for this call, so it is refused",
    }),
  };
}

const VERBS: Readonly<Record<Effect, string>> = {
  allow: "allows",
  approve: "asks a person",
  step_up: "asks a person to prove who they are",
  deny: "refuses",
};

function compileRule(rule: RuleEntry, order: number, identity: Identity): CompiledRule {
  const shared = {
    effect: rule.effect,
    rule: rule.id,
    ruleDigest: domainDigest("leashkit/rule/1", rule.json),
    terms: approvalTerms(rule.effect, rule.approval, rule.step_up),
    ...(rule.proof?.ttl === undefined ? {} : { proofTtlMs: rule.proof.ttl }),
  };
  const because = rule.reason === undefined ? "" : `: ${rule.reason}`;
  return {
    order,
    patterns: rule.action,
    effect: rule.effect,
    condition: rule.when,
    whenTrue: answer(identity, {
      ...shared,
      reasonCode: "rule",
      reason: rule.reason ?? `rule "${rule.id}" ${VERBS[rule.effect]}`,
    }),
    whenUnknown: answer(identity, {
      ...shared,
      reasonCode: "rule_unknown",
      reason: `rule "${rule.id}" could not be decided for this input and so ${VERBS[rule.effect]}${because}`,
    }),
  };
}

function compileTool(tool: ToolEntry, identity: Identity): CompiledTool {
  const { names, counterparty, idempotent, decision } = tool;
  if (decision === undefined) return { names, counterparty, idempotent, decision };
  const answered = answer(identity, {
    effect: decision,
    rule: `tools.${tool.name}`,
    ruleDigest: domainDigest("leashkit/rule/1", { tool: tool.name, entry: tool.json }),
    reasonCode: "tool_default",
    reason: `no rule decides; the policy's entry for ${tool.name} ${VERBS[decision]}`,
    terms: approvalTerms(decision, tool.approval),
  });
  return { names, counterparty, idempotent, decision: answered };
}

/** One whole, frozen decision without a counterparty. */
function answer(
  identity: Identity,
  parts: {
    readonly effect: Effect;
    readonly rule: string | null;
    readonly ruleDigest: string | null;
    readonly reasonCode: ReasonCode;
    readonly reason: string;
    readonly terms?: ApprovalTerms | null;
    readonly proofTtlMs?: number;
  },
): Decision {
  const terms = parts.terms ?? approvalTerms(parts.effect);
  for (const list of [terms?.methods, terms?.roles, terms?.notify]) Object.freeze(list);
  return Object.freeze({
    v: 1,
    effect: parts.effect,
    rule: parts.rule,
    ruleDigest: parts.ruleDigest,
    reasonCode: parts.reasonCode,
    reason: parts.reason,
    transform: null,
    obligations: Object.freeze([]),
    terms: Object.freeze(terms),
    counterparty: null,
    proofTtlMs: parts.proofTtlMs ?? DEFAULT_PROOF_TTL_MS,
    mode: identity.mode,
    policyId: identity.policyId,
    policyDigest: identity.policyDigest,
  });
}
