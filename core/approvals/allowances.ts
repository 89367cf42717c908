import { sha256Hex } from "../digest.ts";
import type { Allowance } from "../model/allowance.ts";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import { principalKey, type Principal } from "../model/principal.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import { openRow, toBody, type Stored } from "../store/envelope.ts";
import type { Change, Store } from "../store/store.ts";
import { verifyAllowance } from "../tokens/allowance.ts";
import { shapeOf } from "./shape.ts";

/** Allowances of one agent for one tool that are looked at. */
const MOST_LOOKED_AT = 1_000;

/** Who decides a question that an allowance may answer: a rule's own, an entry's or the default's, and nobody else's. */
const LIFTED: ReadonlySet<string> = new Set(["rule", "tool_default", "default"]);

export function writeAllowance(allowance: Allowance, expect: number): Change {
  const { expiresAt: dueAt, id, tool } = allowance;
  return { kind: "allowance", id, expect, body: toBody(allowance), by: holderOf(allowance, tool), dueAt };
}

export async function readAllowance(store: Store, id: string): Promise<Stored<Allowance> | undefined> {
  const row = await store.get("allowance", id);
  return row === undefined ? undefined : openRow<Allowance>(row);
}

/** The first standing yes that answers the question a decision asks; undefined where none does. */
export async function findAllowance(
  store: Store,
  call: { readonly action: Action; readonly decision: Decision },
  keys: KeySet | readonly PublicKey[],
): Promise<Stored<Allowance> | undefined> {
  if (!isLiftable(call.decision)) return undefined;
  const by = holderOf(call.action.principal, call.action.tool);
  const rows = await store.list("allowance", { by, limit: MOST_LOOKED_AT });
  const now = store.now();
  return rows
    .map((row) => openRow<Allowance>(row))
    .find(({ value }) => isLeft(value, now) && answers(value, call, keys));
}

/** True for a plain question on terms that let an approver answer more than once. */
export function isLiftable({ effect, reasonCode, terms }: Decision): boolean {
  return effect === "approve" && LIFTED.has(reasonCode) && terms?.again !== undefined && terms.quorum === 1;
}

/** True while it may be used: once more, in time, not taken back. */
export function isLeft({ expiresAt, grantedAt, revokedAt, used, uses }: Allowance, now: number): boolean {
  return revokedAt === null && used < uses && grantedAt <= now && now < expiresAt;
}

/** True where it is a yes to just this question: asked now, by the same rule, about a call like the one that was seen. */
export function answers(
  allowance: Allowance,
  { action, decision }: { readonly action: Action; readonly decision: Decision },
  keys: KeySet | readonly PublicKey[],
): boolean {
  return (
    isLiftable(decision) &&
    holderOf(allowance, allowance.tool) === holderOf(action.principal, action.tool) &&
    (allowance.session === null || allowance.session === action.session) &&
    allowance.schemaDigest === action.schemaDigest &&
    allowance.counterparty === (decision.counterparty?.id ?? null) &&
    allowance.rule === decision.rule &&
    allowance.ruleDigest === decision.ruleDigest &&
    allowance.shape === shapeOf(action.tool, action.input, allowance.vary) &&
    verifyAllowance(allowance, keys)
  );
}

/** Whose calls of which tool: parents included, so that nothing passes from one agent to another. */
function holderOf(holder: Principal, tool: string): string {
  return sha256Hex(JSON.stringify(["leashkit/allowance/1", ...principalKey(holder), tool]));
}
