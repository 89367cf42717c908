import { isLeashError, LeashDenied, type LeashErrorCode, type LeashPending } from "../errors.ts";
import type { Approval } from "../model/approval.ts";
import type { Decision, ReasonCode } from "../model/decision.ts";

const CODES: Partial<Record<ReasonCode, LeashErrorCode>> = {
  tool_unknown: "LEASH_TOOL_UNKNOWN",
  input_invalid: "LEASH_INPUT_INVALID",
  limit: "LEASH_LIMIT_EXCEEDED",
  limit_unknown: "LEASH_STORE_UNAVAILABLE",
};

/** A denial by policy as the exception that programs get. */
export function deniedByPolicy(
  decision: Pick<Decision, "reasonCode" | "reason" | "because">,
  options: { readonly cause?: unknown; readonly problem?: string | undefined } = {},
): LeashDenied {
  const { problem, ...rest } = options;
  return new LeashDenied({
    ...rest,
    ...(problem !== undefined && { problem: oneLine(problem) }),
    code: CODES[decision.reasonCode] ?? "LEASH_DENIED",
    reasonCode: decision.reasonCode,
    reason: decision.because === undefined ? decision.reason : `${decision.reason}; ${decision.because}`,
    ...messageOf(decision.reasonCode),
  });
}

/** Denials whose reason is in the policy's own words. */
const BY_POLICY: ReadonlySet<ReasonCode> = new Set([
  "rule",
  "rule_unknown",
  "tool_default",
  "default",
  "guard",
  "limit",
  "compute_unknown",
]);
const DENIED_BY_POLICY = "The policy denied this call. The error's `reason`, and the log, say why.";

const LIMIT_UNREAD =
  "What counts for a limit could not be read, so nothing was run. The error's `reason`, and the log, say which limit. Look at the store, then try again.";

/** None of the policy's own words: frameworks show models the message. Elsewhere it is the reason, which has none. */
function messageOf(code: ReasonCode): { readonly message?: string } {
  if (code === "limit_unknown") return { message: LIMIT_UNREAD };
  return BY_POLICY.has(code) ? { message: DENIED_BY_POLICY } : {};
}

/** An approval that ended without leave to run. */
export function deniedByApproval(approval: Approval): LeashDenied {
  if (approval.status === "denied" || approval.status === "revoked") {
    const verdict = approval.verdicts.at(-1);
    return new LeashDenied({
      reasonCode: "person_denied",
      reason:
        approval.status === "denied" ? "A person denied this call." : "A person took their yes to this call back.",
      note: verdict?.reason ?? null,
      approvalId: approval.id,
    });
  }
  if (approval.status === "expired" || approval.status === "lapsed") {
    return new LeashDenied({
      code: "LEASH_EXPIRED",
      reasonCode: "approval_expired",
      reason:
        approval.status === "expired"
          ? "The approval expired before a person decided."
          : "The approval was given but not used in time.",
      approvalId: approval.id,
    });
  }
  return voidApproval(approval, `The approval is ${approval.status} and gives no leave to run.`);
}

/** Leave that was given before does not cover what is demanded now. */
export function policyChanged(what: string, approvalId: string | null): LeashDenied {
  return new LeashDenied({
    code: "LEASH_POLICY_CHANGED",
    reasonCode: "approval_void",
    reason: `Leave was given before and no longer covers the call: ${what}.`,
    approvalId,
  });
}

/** An approval that does not cover what is demanded now, or whose signature does not hold. */
export function voidApproval(approval: Approval, reason: string, code: LeashErrorCode = "LEASH_DENIED"): LeashDenied {
  return new LeashDenied({ code, reasonCode: "approval_void", reason, approvalId: approval.id });
}

/** A call that ran, and of which nothing was kept that could be handed out. */
export function alreadyRan(approvalId: string | null): LeashDenied {
  return new LeashDenied({
    reasonCode: "already_executed",
    reason: "This very call ran before, and there is no result to hand out. It was not repeated.",
    approvalId,
  });
}

/**
 * What the model is told when a call does not run: the same words through every adapter, and nothing a model could use
 * against the policy: no rule, no reason of the policy's, no link, no secret. Undefined for errors that are not refusals
 * (those are the caller's to handle).
 * @example const text = refusalText(error); if (text === undefined) throw error;
 */
export function refusalText(error: unknown): string | undefined {
  if (!isLeashError(error)) return undefined;
  switch (error.code) {
    case "LEASH_PENDING":
      return `Waiting for a person, ref ${(error as LeashPending).ref}. The call has not run. Go on with other work and ask for its status by this ref later.`;
    case "LEASH_DENIED":
      return deniedText(error as LeashDenied);
    case "LEASH_EXPIRED":
      return "Not run: the approval expired before it could be used. Do not retry this call with the same arguments.";
    case "LEASH_TOOL_UNKNOWN":
      return "Denied: this tool is not available. Do not retry this call.";
    case "LEASH_INPUT_INVALID":
      return invalidText((error as Partial<LeashDenied>).problem ?? null);
    case "LEASH_POLICY_CHANGED":
      return "Not run: the policy changed after the approval was given. The call must be proposed anew.";
    case "LEASH_LIMIT_EXCEEDED":
      return "Denied: a limit is used up. Do not retry this call.";
    case "LEASH_OUTCOME_UNKNOWN":
      return "This call started earlier and its outcome is unknown. It was not repeated. Do not retry it; tell the user.";
    case "LEASH_ABORTED":
      return "Not run: the run was aborted.";
    case "LEASH_STORE_UNAVAILABLE":
    case "LEASH_REMOTE_UNAVAILABLE":
      return "Not run: calls cannot be authorized at the moment. Tell the user; retry later at most once.";
    default:
      return undefined;
  }
}

function invalidText(problem: string | null): string {
  const where = problem === null ? "" : ` (${problem})`;
  return `Denied: the arguments are not plain, well-formed data${where}. Call again with corrected arguments.`;
}

const LONGEST_PROBLEM = 200;

/** A problem may name members that the model made up. */
function oneLine(problem: string): string {
  return problem
    .replace(/[\p{C}\p{Z}]+/gu, " ")
    .slice(0, LONGEST_PROBLEM)
    .toWellFormed();
}

function deniedText(error: LeashDenied): string {
  if (error.reasonCode === "person_denied") {
    const note = error.note === null ? "" : ` Their note: ${JSON.stringify(error.note)}`;
    return `A person denied this call. Do not retry it with the same arguments.${note}`;
  }
  if (error.reasonCode === "already_executed") {
    return "This call already ran, and its result was not kept. It was not repeated.";
  }
  return "Denied by policy. Do not retry this call with the same arguments.";
}
