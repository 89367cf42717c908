import { decidedRecord, type Origin } from "../audit/records.ts";
import type { Scope } from "./context.ts";
import type { Decided } from "./decide.ts";
import { deniedByPolicy } from "./refusals.ts";

/**
 * Ends a call that the policy denies. The record comes first: a denial that cannot be written is an error of the store.
 * @throws {LeashDenied} always.
 */
export async function deny(scope: Scope, { action, decision }: Decided, origin: Origin): Promise<never> {
  const { store, stream } = scope.context;
  await store.commit([], { stream, records: [decidedRecord(action, decision, origin)] });
  throw deniedByPolicy(decision);
}
