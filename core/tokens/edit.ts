import type { Edit } from "../model/approval.ts";
import type { JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Random } from "../model/runtime.ts";
import type { Signer } from "./keys.ts";
import { actClaims, signStatement, type StatementSubject, verifyStatement } from "./statement.ts";

/** An edit before the desk signs it, and the approval that it opens. */
export interface EditInput extends Omit<Edit, "v" | "token"> {
  readonly successor: StatementSubject;
  readonly random: Random;
}

/**
 * Signs an approver's edit with the desk's key.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE`, `LEASH_INPUT_INVALID` as `signVerdict`.
 */
export function signEdit(signer: Signer, { successor, random, ...edit }: EditInput): Edit {
  const unsigned = { v: 1, ...edit } as const;
  return { ...unsigned, token: signStatement(signer, editClaims(unsigned, successor), edit.at, random) };
}

/** True when the desk signed exactly this edit for exactly this approval, its call and its bytes; see `verifyVerdict`. */
export function verifyEdit(edit: Edit, successor: StatementSubject, keys: KeySet | readonly PublicKey[]): boolean {
  return verifyStatement(edit, () => editClaims(edit, successor), keys);
}

/** No claim of a verdict's answer, and a verdict has no editor: neither can pass for the other. */
function editClaims(edit: Omit<Edit, "token">, successor: StatementSubject): JsonObject {
  const { v, editor, predecessor, proposedDigest, self } = edit;
  return { ...actClaims(edit, successor), v, editor, predecessor, proposed_hash: proposedDigest, self };
}
