/** What a policy lets an approver permit in advance: the most of it. Absent in the terms: nothing. */
export interface AgainTerms {
  /** Calls like the approved one. */
  readonly uses: number;
  /** Milliseconds from the yes on. */
  readonly forMs: number;
  /** Where in the input other values of the same type may stand, as member names; everything else must be the same. */
  readonly vary: readonly (readonly string[])[];
  /** True: for calls of the same session only. */
  readonly session: boolean;
}

/** What an approver permits with a yes; what is left out is what the policy lets them. */
export interface AgainChoice {
  /** At most the policy's. */
  readonly uses?: number;
  /** Milliseconds, at most the policy's. */
  readonly forMs?: number;
}

/**
 * An approver's standing yes to calls like one that they saw. It lifts that one question of that very rule, for the same agent on
 * behalf of the same subject; never a step-up, a limit, a guard or another rule's question. `token` is the desk's signature over
 * all of it but what was used.
 */
export interface Allowance {
  readonly v: 1;
  readonly id: string;
  readonly tenant: string;
  readonly subject: string;
  readonly agent: string;
  readonly chain: readonly string[];
  readonly tool: string;
  /** Null: for calls of any session. */
  readonly session: string | null;
  readonly counterparty: string | null;
  readonly schemaDigest: string | null;
  /** Digest of what every call under it has in common. */
  readonly shape: string;
  readonly vary: readonly (readonly string[])[];
  readonly rule: string | null;
  readonly ruleDigest: string | null;
  readonly uses: number;
  readonly used: number;
  /** The approval with whose yes it was given, and its input as the approver saw it. */
  readonly approvalId: string;
  readonly text: string;
  readonly approver: string;
  /** Epoch milliseconds, store clock. */
  readonly grantedAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  /** PASETO v4.public, purpose `approval`. */
  readonly token: string;
}
