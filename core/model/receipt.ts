import type { Assurance } from "./approval.ts";
import type { CommonClaims } from "./claims.ts";
import type { FailureEffect } from "./journal.ts";

/** One person's yes behind a run, as a receipt tells of it. */
export interface ReceiptVerdict {
  readonly approver: string;
  readonly method: string;
  readonly assurance: Assurance;
  /** ISO 8601, UTC, with milliseconds. */
  readonly at: string;
  /** SHA-256 (hex) of the desk's signed statement. */
  readonly verdict_hash: string;
}

/** What a receipt says, as in the token. Hashes are lower-case hex. */
export interface ReceiptClaims extends CommonClaims<"receipt"> {
  /** On whose behalf; null where a receipt was issued late and nothing told of it any more. */
  readonly sub: string | null;
  readonly agent_id: string;
  /** The agents above it, the first one first; null where a receipt was issued late: nothing tells of them any more. */
  readonly chain: readonly string[] | null;
  /** The same over all attempts at one call. */
  readonly action_id: string;
  readonly action_type: string;
  /** Digest of the whole action: what ran. */
  readonly action_hash: string;
  readonly input_hash: string;
  readonly outcome: "done" | "failed" | "unknown";
  /** For `failed`: whether anything may have happened outside. */
  readonly effect?: FailureEffect;
  /** SHA-256 of the RFC 8785 text of the recorded result; null where nothing was recorded. */
  readonly output_hash: string | null;
  readonly started_at: string;
  readonly ended_at: string;
  readonly duration_ms: number;
  /** From 1. */
  readonly attempt: number;
  readonly policy_id: string;
  readonly policy_digest: string;
  readonly rule: string | null;
  /** Of the leave to run: the `granted` record of the log has the same. */
  readonly decision_id: string;
  readonly proof_jti: string;
  readonly proof_kid: string;
  readonly idempotency_key: string;
  readonly approval_id: string | null;
  /** Set where a standing yes gave leave. */
  readonly allowance_id?: string;
  /** The people who said yes; empty where nobody was asked. */
  readonly approvers: readonly ReceiptVerdict[];
  /** True where it was signed on request, from journal and log, because the process ended before it could be. */
  readonly issued_late?: true;
}

/** A DSSE envelope, as JSON (https://github.com/secure-systems-lab/dsse, envelope.md). */
export interface Envelope {
  readonly payloadType: string;
  /** Base64 of the payload's bytes. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** What is signed of runs that ended. */
export interface Receipts {
  /**
   * The receipt of the last run of an action, signed now where the process ended before it was. Undefined where the action is
   * not known, or has not ended.
   * @throws {LeashError} `LEASH_STORE_UNAVAILABLE`.
   * @example const token = await leash.receipts.get(permit.actionId);
   */
  get(actionId: string): Promise<string | undefined>;
  /** Those of all its attempts, oldest first. */
  list(actionId: string): Promise<readonly string[]>;
  /**
   * The last one as an in-toto Statement v1 in a DSSE envelope, signed with the receipt key: for tools that read those.
   * `verifyReceiptEnvelope` checks it. Undefined as for `get`.
   */
  envelope(actionId: string): Promise<Envelope | undefined>;
}
