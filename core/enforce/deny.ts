import { decidedRecord } from "../audit/records.ts";
import type { Decision } from "../model/decision.ts";
import { decisionId, type Scope } from "./context.ts";
import type { Decided } from "./decide.ts";
import { deniedByPolicy } from "./refusals.ts";
import { type Surroundings, WATCH } from "./watched.ts";

/**
 * Ends a call that the policy denies. The record comes first: a denial that cannot be written is an error of the store.
 * @param answered what is answered where that is not the policy's word.
 * @throws {LeashDenied} always.
 */
export async function deny(scope: Scope, decided: Decided, origin: Surroundings, answered?: Decision): Promise<never> {
  const { recorder, store, stream } = scope.context;
  const decision = answered ?? decided.decision;
  origin[WATCH]?.decided(decided.action, decision);
  const id = decisionId(scope);
  const records = [decidedRecord(decided.action, decision, origin, { decision_id: id })];
  await store.commit(recorder.decision(id, decided, answered), { stream, records });
  throw deniedByPolicy(decision);
}
