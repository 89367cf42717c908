import type { ApprovalTerms, Counterparty, Overrun } from "./decision.ts";
import type { CallIdentity, CallLabels } from "./call.ts";
import type { Principal } from "./principal.ts";

/** `pending -> approved | denied | expired | cancelled`, `approved -> consumed | lapsed | revoked`. */
export type ApprovalStatus =
  | "pending"
  | "approved"
  | "denied"
  | "expired"
  | "cancelled"
  | "consumed"
  | "lapsed"
  | "revoked";

/** How sure the desk is of who answered: a bare link, a login, or a proof made for this very action. */
export type Assurance = "link" | "login" | "step_up";

/** Who answers. Authenticated by whatever surface hands it to `leash.desk`; the desk trusts that surface. */
export interface Approver {
  readonly id: string;
  readonly roles?: readonly string[];
  readonly method?: string;
  readonly assurance?: Assurance;
  readonly device?: string;
}

/** What a person did at the desk, signed by it. */
export interface SignedAct {
  readonly roles: readonly string[];
  readonly method: string;
  readonly assurance: Assurance;
  readonly device: string | null;
  readonly reason: string | null;
  /** Epoch milliseconds, store clock. */
  readonly at: number;
  /** PASETO v4.public, purpose `approval`. */
  readonly token: string;
}

/**
 * One person's answer; `revoke` takes a yes back that was not used yet. `token` is the desk's signature over all of it and is what counts
 * when the approval is used.
 */
export interface Verdict extends SignedAct {
  readonly v: 1;
  readonly answer: "approve" | "deny" | "revoke";
  readonly approver: string;
}

/**
 * An approver changed the input of a call. `token` is the desk's signature over all of it, over the approval that carries it and
 * over the bytes; it puts those bytes in the place of the proposed ones, and gives no leave to run them.
 */
export interface Edit extends SignedAct {
  readonly v: 1;
  readonly editor: string;
  /** Id of the approval that this one took the place of. */
  readonly predecessor: string;
  /** Digest of the call as it was proposed. */
  readonly proposedDigest: string;
  /** True where the editor's own yes to the edited call counts. */
  readonly self: boolean;
}

/** Open questions that differ in nothing that a person decides by: one card, and still one signed answer for each. */
export interface ApprovalGroup {
  /** The oldest of them, for the card. */
  readonly first: Approval;
  /** All of them, oldest first. */
  readonly ids: readonly string[];
}

/** A question to a person, bound to one call key and one action digest. */
export interface Approval {
  readonly v: 1;
  readonly id: string;
  /** Short name for people, such as `K7Q2`; not unique for ever, so ambiguous refs are refused. */
  readonly ref: string;
  readonly status: ApprovalStatus;
  readonly demand: "approve" | "step_up";
  readonly callKey: string;
  readonly digest: string;
  readonly actionId: string;
  readonly identity: CallIdentity;
  readonly tool: string;
  /** RFC 8785 text of the input: exactly what runs. */
  readonly text: string;
  readonly principal: Principal;
  readonly session: string | null;
  readonly labels: CallLabels;
  readonly schemaDigest: string | null;
  readonly counterparty: Counterparty | null;
  /** The limits beyond which the call would go, and by how much, as people are shown it. Absent: none. */
  readonly over?: readonly Overrun[];
  readonly rule: string | null;
  readonly ruleDigest: string | null;
  readonly reason: string;
  readonly policyId: string;
  readonly policyDigest: string;
  readonly terms: ApprovalTerms;
  readonly requestedAt: number;
  readonly openedAt: number;
  readonly expiresAt: number;
  /** When the last answer that it took fell; null while pending. */
  readonly settledAt: number | null;
  readonly verdicts: readonly Verdict[];
  /** When people were told again because nobody had answered. Absent: they were not. */
  readonly escalatedAt?: number;
  /** Set where an approver's edit opened this approval; null for a call as it was proposed. */
  readonly edit: Edit | null;
}
