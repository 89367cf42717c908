import { LeashError, PolicyInvalid } from "./errors.ts";
import type { Policy, PolicyIssue } from "./model/policy.ts";
import { bindFile, bindFixed, type BindOptions, type BoundPolicy, readTimes } from "./policies/bound.ts";
import { type PolicyLog, recordRefused } from "./policies/log.ts";
import { createPolicyReader } from "./policies/reader.ts";
import type * as Engine from "./policy/index.ts";
import type { LoadPolicyOptions } from "./policy/load.ts";

export type { LoadPolicyOptions } from "./policy/load.ts";
export type { BoundPolicy } from "./policies/bound.ts";

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
export async function loadPolicy(text: string, options: LoadPolicyOptions = {}): Promise<Policy> {
  return (await engine()).loadPolicy(text, options);
}

/**
 * Compiles the policy of a file, with every document that it extends. Nothing is put in force; a leash reads its policy itself.
 * @param options `strict` runs the document's own `tests` and refuses a policy that fails one. Default false.
 * @throws {PolicyInvalid} `LEASH_POLICY_INVALID`, also for a file that is not there or does not come to rest.
 * @example const policy = await loadPolicyFile("leash.yaml", { strict: true });
 */
export async function loadPolicyFile(
  path: string,
  { strict = false }: Pick<LoadPolicyOptions, "strict"> = {},
): Promise<Policy> {
  const { loadPolicy: load } = await engine();
  const reader = createPolicyReader(
    { origin: path, base: process.cwd() },
    (text, options) => load(text, { ...options, strict }),
    { settleMs: readTimes(undefined).settleMs, signal: new AbortController().signal },
  );
  const found = await reader.read({ believeTimes: true });
  if (found.kind !== "policy") throw found.error;
  return found.policy;
}

/** What is wrong with the text of a policy; empty where `loadPolicy` would load it. */
export async function checkPolicy(text: string, options: LoadPolicyOptions = {}): Promise<readonly PolicyIssue[]> {
  return (await engine()).checkPolicy(text, options);
}

/**
 * Reads the policy that a leash decides by. One that cannot be read in full is recorded as refused and not used.
 * @throws {PolicyInvalid} `LEASH_POLICY_INVALID`, also for a file that cannot be read.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for settings of the watch that make no sense.
 */
export async function bindPolicy(source: PolicySource, options: BindOptions): Promise<BoundPolicy> {
  if (typeof source === "string") {
    return bindFile({ origin: source, base: process.cwd() }, (await engine()).loadPolicy, options);
  }
  if (options.watch !== undefined && options.watch !== false) {
    throw new LeashError("LEASH_CONFIG_INVALID", "`watch` needs a policy that is given as the path of its file.");
  }
  return bindFixed("evaluate" in source ? source : await loadText(source, options.log), options);
}

async function loadText({ text, origin = "policy" }: PolicyText, log: PolicyLog): Promise<Policy> {
  try {
    return await loadPolicy(text, { origin });
  } catch (error) {
    if (error instanceof PolicyInvalid) await recordRefused(log, error);
    throw error;
  }
}
