import { readFile } from "node:fs/promises";
import { systemRecord } from "./audit/records.ts";
import { PolicyInvalid } from "./errors.ts";
import type { Policy, PolicyIssue } from "./model/policy.ts";
import type * as Engine from "./policy/index.ts";
import { toBody } from "./store/envelope.ts";
import type { Store } from "./store/store.ts";

/** A policy as the path of a file, as text with a name for messages, or compiled by another engine. */
export type PolicySource = string | PolicyText | Policy;

export interface PolicyText {
  readonly text: string;
  /** Names the text in messages. Default `policy`. */
  readonly origin?: string;
}

// The reader of YAML and CEL is loaded when the first policy is: who only verifies proofs never pays for it.
const engine = (): Promise<typeof Engine> => import("./policy/index.ts");

/**
 * Compiles the text of a policy.
 * @throws {PolicyInvalid} `LEASH_POLICY_INVALID` with every issue found; nothing of a policy that cannot be read in full is used.
 * @example const policy = await loadPolicy("leash: 1\ndefault: deny\n");
 */
export async function loadPolicy(text: string, options: { readonly origin?: string } = {}): Promise<Policy> {
  return (await engine()).loadPolicy(text, options);
}

/** What is wrong with the text of a policy; empty where `loadPolicy` would load it. */
export async function checkPolicy(text: string): Promise<readonly PolicyIssue[]> {
  return (await engine()).checkPolicy(text);
}

/** @throws {PolicyInvalid} `LEASH_POLICY_INVALID`, also for a file that cannot be read. */
export async function compilePolicy(source: PolicySource): Promise<Policy> {
  if (typeof source === "string") return loadPolicy(await readPolicyFile(source), { origin: source });
  return "evaluate" in source ? source : loadPolicy(source.text, { origin: source.origin ?? "policy" });
}

async function readPolicyFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const issue = { code: "unreadable", message: "the file cannot be read", line: 1, column: 1, pointer: "" };
    throw new PolicyInvalid(path, [issue], { cause });
  }
}

/** Where the loading of a policy is recorded. */
export interface PolicyLog {
  readonly store: Store;
  readonly stream: string;
}

/** Reads the policy; one that cannot be read in full is recorded as refused and not used. */
export async function readPolicy(source: PolicySource, log: PolicyLog, tenant: string): Promise<Policy> {
  try {
    const policy = await compilePolicy(source);
    await archive(policy, log, tenant);
    return policy;
  } catch (error) {
    if (error instanceof PolicyInvalid) {
      const detail = `${error.issues.length} issues`;
      const refused = systemRecord(tenant, "policy.refused", { detail });
      // What is wrong with the policy matters more than that it could not be noted.
      await log.store.commit([], { stream: log.stream, records: [refused] }).catch(() => undefined);
    }
    throw error;
  }
}

/** Keeps the text that later decisions name by digest. */
async function archive(policy: Policy, { store, stream }: PolicyLog, tenant: string): Promise<void> {
  const known = await store.get("policy", policy.digest);
  const body = toBody({ v: 1, id: policy.id, source: policy.source } as { readonly v: 1 });
  const changes = known === undefined ? [{ kind: "policy", id: policy.digest, expect: 0, body } as const] : [];
  const loaded = systemRecord(tenant, "policy.loaded", { policy_id: policy.id, policy_digest: policy.digest });
  const append = { stream, records: [loaded] };
  const result = await store.commit(changes, append);
  // Another process archived the same text at the same moment; its copy serves both.
  if (!result.ok) await store.commit([], append);
}
