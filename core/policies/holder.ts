import type { InForce } from "../enforce/context.ts";
import { denialBy } from "../enforce/denial.ts";
import { isLeashError, PolicyInvalid } from "../errors.ts";
import { effectiveMode, type Mode } from "../model/effect.ts";
import type { Policy, PolicyIssue } from "../model/policy.ts";
import { type PolicyLog, recordLoaded, recordMissing, recordRefused } from "./log.ts";
import type { Found } from "./reader.ts";
import type { Tell } from "./tell.ts";

export interface HolderOptions {
  /** Names the policy in messages. */
  readonly origin: string;
  readonly log: PolicyLog;
  /** The host's own word on the mode. */
  readonly mode: Mode | undefined;
  /** @throws {LeashError} `LEASH_NO_APPROVER` or `LEASH_CONFIG_INVALID` where the policy uses what is not here. */
  readonly accept: (policy: Policy, mode: Mode) => void;
  readonly tell: Tell;
}

/** Holds the one reference that every decision is made by. */
export interface Holder {
  /** The same object until something else takes force. */
  inForce(): InForce;
  /** Puts in force what was found, or gives the reason why not. Rejects only where the store cannot take the record. */
  take(found: Found): Promise<PolicyInvalid | undefined>;
}

/** @throws {PolicyInvalid} when there is no policy to begin with. */
export async function holdFirst(found: Found, options: HolderOptions): Promise<Holder> {
  const { log, tell } = options;
  if (found.kind !== "policy") {
    await recordRefused(log, found.error);
    throw found.error;
  }
  await recordLoaded(log, found.policy);
  let inForce = freeze(found.policy, effectiveMode(options.mode, found.policy.mode));
  let isGone = false;

  async function put(policy: Policy): Promise<void> {
    if (policy.digest === inForce.policy.digest && !isGone) return;
    const mode = effectiveMode(options.mode, policy.mode);
    await recordLoaded(log, policy, mode === inForce.mode ? undefined : `${inForce.mode} to ${mode}`);
    inForce = freeze(policy, mode);
    isGone = false;
    tell({ kind: "loaded", digest: policy.digest });
  }

  async function refuse(error: PolicyInvalid): Promise<void> {
    await recordRefused(log, error);
    tell({ kind: "refused", digest: inForce.policy.digest, issues: error.issues });
  }

  async function lose(): Promise<void> {
    if (isGone) return;
    const { policy, mode } = inForce;
    // First of all, and whatever the store says.
    inForce = freeze(denying(inForce), mode);
    isGone = true;
    await recordMissing(log, policy);
    tell({ kind: "missing", digest: policy.digest });
  }

  return {
    inForce: () => inForce,
    async take(next) {
      const error = next.kind === "policy" ? objection(next.policy, inForce.mode, options) : next.error;
      if (next.kind === "missing") await lose();
      else if (error !== undefined) await refuse(error);
      else if (next.kind === "policy") await put(next.policy);
      return error;
    },
  };
}

function freeze(policy: Policy, mode: Mode): InForce {
  return Object.freeze({ policy, mode });
}

/** What stands in the place of a policy whose file is gone. */
function denying(lost: InForce): Policy {
  const denial = denialBy(lost, "policy_error", "The policy's file is gone.");
  const { id, digest, source, mode } = lost.policy;
  return Object.freeze<Policy>({ id, digest, source, mode, canAsk: false, needs: () => [], evaluate: () => denial });
}

/** Why a policy that was read cannot take force while the leash runs. */
function objection(policy: Policy, modeNow: Mode, options: HolderOptions): PolicyInvalid | undefined {
  const mode = effectiveMode(options.mode, policy.mode);
  if (modeNow === "enforce" && mode === "observe") {
    const message = "going from enforce to observe lets every call run, and takes a restart";
    return refusal(options.origin, { code: "mode_loosened", message, pointer: "/mode" });
  }
  try {
    options.accept(policy, mode);
    return undefined;
  } catch (error) {
    if (isLeashError(error, "LEASH_CONFIG_INVALID"))
      return refusal(options.origin, { code: "unmet", message: error.message, pointer: "" });
    if (!isLeashError(error, "LEASH_NO_APPROVER")) throw error;
    const message = "the policy can ask a person now, and nobody can be reached: set `notify`, and start anew";
    return refusal(options.origin, { code: "no_approver", message, pointer: "" });
  }
}

function refusal(origin: string, issue: Pick<PolicyIssue, "code" | "message" | "pointer">): PolicyInvalid {
  return new PolicyInvalid(origin, [{ ...issue, line: 1, column: 1 }]);
}
