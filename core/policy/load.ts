import { PolicyInvalid } from "../errors.ts";
import type { Policy, PolicyIssue } from "../model/policy.ts";
import { failedCases } from "./cases.ts";
import { type CompiledPolicy, compilePolicy } from "./compile.ts";
import { chargesOf, evaluate, needsOf } from "./evaluate.ts";
import { explain } from "./explain.ts";
import { createIssueList } from "./issues.ts";
import { readLayers, type Resolve } from "./layers.ts";
import { suggestChange } from "./suggest-change.ts";

export interface LoadPolicyOptions {
  /** What the policy is called in the error's message, such as its file's name. Default `policy`. */
  readonly origin?: string;
  /** Reads the documents that `extends` names. Default: none can be read, so `extends` does not load. */
  readonly resolve?: Resolve;
  /** Runs the document's own `tests`, and refuses a policy that fails one. Default false. */
  readonly strict?: boolean;
}

/**
 * Loads a policy document (`leash: 1`, YAML 1.2 or JSON) and makes it ready to decide. Strict: whatever cannot be read in full
 * is not loaded.
 *
 * @param text at most 8 MiB, without byte order mark.
 * @throws {PolicyInvalid} `LEASH_POLICY_INVALID` with every issue found, each with line, column, pointer and often a hint.
 * @example
 * const policy = loadPolicy("leash: 1\ntools: { search: { decision: allow } }");
 * policy.evaluate(action, tool, { now: Date.now(), counterparty: null, probes: {} }).effect; // "allow"
 */
export function loadPolicy(text: string, options: LoadPolicyOptions = {}): Policy {
  const { policy, issues } = read(text, options);
  if (policy === undefined || issues.length > 0) throw new PolicyInvalid(options.origin ?? "policy", issues);
  return policy;
}

/**
 * All that is wrong with a policy text, in the order of the places; empty for one that loads. Never throws.
 * @example checkPolicy("leash: 1\nrulse: []")[0]?.hint // "did you mean `rules`?"
 */
export function checkPolicy(text: string, options: LoadPolicyOptions = {}): readonly PolicyIssue[] {
  return read(text, options).issues;
}

interface Read {
  /** Undefined where there are issues; a policy that only fails its own tests is there beside them. */
  readonly policy: Policy | undefined;
  readonly issues: readonly PolicyIssue[];
}

function read(text: string, { origin = "policy", resolve, strict = false }: LoadPolicyOptions): Read {
  const { report, list } = createIssueList(text);
  const sources = readLayers(text, origin, resolve, report);
  if (sources === undefined || list().length > 0) return { policy: undefined, issues: list() };
  const policy = faceOf(compilePolicy(sources));
  if (strict) {
    for (const { place, message } of failedCases(policy, sources.at(-1)?.document.tests ?? []))
      report("failed_test", place, message);
  }
  return { policy, issues: list() };
}

/** What the world sees of a compiled policy. */
export function faceOf(policy: CompiledPolicy): Policy {
  const { id, digest, source, mode, canAsk, redacts, requires } = policy;
  return Object.freeze<Policy>({
    id,
    digest,
    source,
    mode,
    canAsk,
    requires,
    ...(redacts !== undefined && { redacts }),
    needs: (action, tool, facts) => needsOf(policy, action, tool, facts),
    charges: (action, tool, facts) => chargesOf(policy, action, tool, facts),
    evaluate: (action, tool, facts) => evaluate(policy, action, tool, facts),
    explain: (action, tool, facts) => explain(policy, action, tool, facts),
    suggest: (action, tool, facts) => suggestChange(policy, action, tool, facts),
    idempotent(tool) {
      // A document that says no is not overruled by one that says yes.
      const stated = policy.index.of(tool).portions.flatMap((portion) => portion.tool?.idempotent ?? []);
      return stated.length === 0 ? undefined : stated.every(Boolean);
    },
  });
}
