import type { Approval } from "./model/approval.ts";
import type { ReasonCode } from "./model/decision.ts";
import type { PolicyIssue } from "./model/policy.ts";

/** Every code that Leashkit throws. Codes are public API: `docs/errors.md` has a row for each. */
export const ERROR_CODES = [
  "LEASH_DENIED",
  "LEASH_PENDING",
  "LEASH_EXPIRED",
  "LEASH_ABORTED",
  "LEASH_OUTCOME_UNKNOWN",
  "LEASH_INPUT_INVALID",
  "LEASH_POLICY_INVALID",
  "LEASH_POLICY_CHANGED",
  "LEASH_NO_APPROVER",
  "LEASH_LIMIT_EXCEEDED",
  "LEASH_STORE_UNAVAILABLE",
  "LEASH_LOG_INVALID",
  "LEASH_TOKEN_INVALID",
  "LEASH_TOKEN_EXPIRED",
  "LEASH_TOKEN_AUDIENCE",
  "LEASH_TOKEN_PURPOSE",
  "LEASH_TOKEN_REVOKED",
  "LEASH_TOKEN_USED",
  "LEASH_REMOTE_UNAVAILABLE",
  "LEASH_TOOL_UNSUPPORTED",
  "LEASH_TOOL_UNKNOWN",
  "LEASH_CONFIG_INVALID",
] as const;

export type LeashErrorCode = (typeof ERROR_CODES)[number];

/** Registered, so that two installed copies of this package know each other's errors. */
const MARKER: unique symbol = Symbol.for("leashkit.error") as never;

/**
 * The base of every error Leashkit throws: switch on `code`. Messages are for developers and logs: they say what happened,
 * why and what to do, and never hold a secret, an argument or a link that approves.
 */
export class LeashError extends Error {
  override readonly name: string = "LeashError";
  readonly code: LeashErrorCode;
  readonly [MARKER] = true;

  constructor(code: LeashErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The call will not run. `reasonCode` says why; `reason` is for people, not for the model. Frameworks show models what a tool
 * throws, so the message of a denial by policy holds none of the policy's own words.
 */
export class LeashDenied extends LeashError {
  override readonly name = "LeashDenied";
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  /** The note of the person who said no, where one did. */
  readonly note: string | null;
  readonly approvalId: string | null;
  /** Of `LEASH_INPUT_INVALID`: which arguments are wrong, where an adapter knows. The model is told. */
  readonly problem: string | null;

  constructor(details: {
    readonly code?: LeashErrorCode;
    readonly reasonCode: ReasonCode;
    readonly reason: string;
    /** Default: the reason. */
    readonly message?: string;
    readonly note?: string | null;
    readonly approvalId?: string | null;
    readonly problem?: string | null;
    readonly cause?: unknown;
  }) {
    const message = details.message ?? details.reason;
    super(details.code ?? "LEASH_DENIED", message, "cause" in details ? { cause: details.cause } : undefined);
    this.reasonCode = details.reasonCode;
    this.reason = details.reason;
    this.note = details.note ?? null;
    this.approvalId = details.approvalId ?? null;
    this.problem = details.problem ?? null;
  }
}

/** The call waits for a person and the caller chose not to wait with it. Carries no link and no credential. */
export class LeashPending extends LeashError {
  override readonly name = "LeashPending";
  readonly approvalId: string;
  readonly ref: string;
  readonly tool: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;

  constructor(approval: Pick<Approval, "id" | "ref" | "tool" | "expiresAt">) {
    super(
      "LEASH_PENDING",
      `The call of ${approval.tool} waits for a person (ref ${approval.ref}). Collect it with the same call or by its ref once it was answered.`,
    );
    this.approvalId = approval.id;
    this.ref = approval.ref;
    this.tool = approval.tool;
    this.expiresAt = approval.expiresAt;
  }
}

/** The policy cannot be read in full, so none of it is used. */
export class PolicyInvalid extends LeashError {
  override readonly name = "PolicyInvalid";
  readonly issues: readonly PolicyIssue[];

  constructor(origin: string, issues: readonly PolicyIssue[], options?: { readonly cause?: unknown }) {
    const lines = issues.map(
      (issue) => `  ${origin}:${issue.line}:${issue.column} ${issue.message}${issue.hint ? ` (${issue.hint})` : ""}`,
    );
    super("LEASH_POLICY_INVALID", `The policy was not loaded:\n${lines.join("\n")}`, options);
    this.issues = issues;
  }
}

/** A tool throws this (or a subclass) when it failed before it changed anything outside. */
export class NoEffect extends Error {
  override readonly name: string = "NoEffect";
  readonly leashNoEffect = true;
}

/**
 * True for errors of this package, also those of another installed copy.
 * @example if (isLeashError(error, "LEASH_DENIED")) …
 */
export function isLeashError<Code extends LeashErrorCode>(
  error: unknown,
  code?: Code,
): error is LeashError & { readonly code: Code } {
  return (
    typeof error === "object" &&
    error !== null &&
    (error as { [MARKER]?: unknown })[MARKER] === true &&
    (code === undefined || (error as LeashError).code === code)
  );
}
