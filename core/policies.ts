import { readFile } from "node:fs/promises";
import { PolicyInvalid } from "./errors.ts";
import type { Policy, PolicyIssue } from "./model/policy.ts";

/** A policy as the path of a file, as text with a name for messages, or compiled by another engine. */
export type PolicySource = string | PolicyText | Policy;

export interface PolicyText {
  readonly text: string;
  /** Names the text in messages. Default `policy`. */
  readonly origin?: string;
}

// The reader of YAML and CEL is loaded when the first policy is: who only verifies proofs never pays for it.
const engine = (): Promise<typeof import("./policy/index.ts")> => import("./policy/index.ts");

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
