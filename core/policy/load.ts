import { PolicyInvalid } from "../errors.ts";
import type { Policy, PolicyIssue } from "../model/policy.ts";
import { type CompiledPolicy, compilePolicy } from "./compile.ts";
import { evaluate } from "./evaluate.ts";
import { createIssueList } from "./issues.ts";
import { document } from "./language/document.ts";
import { toJson } from "./located.ts";
import { readYaml } from "./yaml.ts";

export interface LoadPolicyOptions {
  /** What the policy is called in the error's message, such as its file's name. Default `policy`. */
  readonly origin?: string;
}

/**
 * Loads a policy document (`leash: 1`, YAML 1.2 or JSON) and makes it ready to decide. Strict: whatever cannot be read in full
 * is not loaded, and what this version does not support is refused by name.
 *
 * @param text at most 1 MiB, without byte order mark.
 * @throws {PolicyInvalid} `LEASH_POLICY_INVALID` with every issue found, each with line, column, pointer and often a hint.
 * @example
 * const policy = loadPolicy("leash: 1\ntools: { search: { decision: allow } }");
 * policy.evaluate(action, tool, { now: Date.now(), counterparty: null, probes: {} }).effect; // "allow"
 */
export function loadPolicy(text: string, options: LoadPolicyOptions = {}): Policy {
  const { policy, issues } = read(text);
  if (policy === undefined || issues.length > 0) throw new PolicyInvalid(options.origin ?? "policy", issues);
  const { id, digest, source, mode, canAsk, index } = policy;
  return Object.freeze<Policy>({
    id,
    digest,
    source,
    mode,
    canAsk,
    needs: () => [],
    evaluate: (action, tool, facts) => evaluate(policy, action, tool, facts),
    idempotent: (tool) => index.entry(tool)?.idempotent,
  });
}

/**
 * All that is wrong with a policy text, in the order of the places; empty for one that loads. Never throws.
 * @example checkPolicy("leash: 1\nrulse: []")[0]?.hint // "did you mean `rules`?"
 */
export function checkPolicy(text: string): readonly PolicyIssue[] {
  return read(text).issues;
}

interface Read {
  /** Undefined exactly where there are issues. */
  readonly policy: CompiledPolicy | undefined;
  readonly issues: readonly PolicyIssue[];
}

function read(text: string): Read {
  const { report, list } = createIssueList(text);
  const node = readYaml(text, report);
  const found = node === undefined ? undefined : document(node, report);
  const issues = list();
  if (issues.length > 0 || node === undefined || found === undefined) return { policy: undefined, issues };
  return { policy: compilePolicy(found, toJson(node)), issues };
}
