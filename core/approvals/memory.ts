import { sha256Hex } from "../digest.ts";
import type { Approval, Verdict } from "../model/approval.ts";
import type { ApprovalTerms, Counterparty } from "../model/decision.ts";
import type { Principal } from "../model/principal.ts";
import { openRow, type Stored, toBody } from "../store/envelope.ts";
import type { Change, Store } from "../store/store.ts";

/** A person's no, kept for a while to answer calls like it. */
export interface Denial {
  readonly v: 1;
  /** The approval that was denied, or whose yes was taken back. */
  readonly approvalId: string;
  readonly approver: string;
  /** Epoch milliseconds, store clock. */
  readonly at: number;
  /** From when on a person is asked again. */
  readonly until: number;
  /** Calls that it answered so far. */
  readonly retries: number;
}

/** A denial in the store, by its row's id. */
export interface StoredDenial extends Stored<Denial> {
  readonly id: string;
}

/** What a call is told apart by, as far as a no remembers it. */
export interface Remembered {
  readonly principal: Principal;
  readonly tool: string;
  readonly counterparty: Counterparty | null;
  readonly digests: readonly string[];
}

/** Milliseconds a no is remembered where the policy says nothing: a quarter of an hour. */
const DEFAULT_MEMORY_MS = 900_000;

type Likeness = readonly ["counterparty" | "tool" | "digest", string];

/** A parent's name is left out: an agent must not lose a no by being called another way. */
function denialId({ principal, tool }: Pick<Remembered, "principal" | "tool">, [kind, value]: Likeness): string {
  const { tenant, subject, agent } = principal;
  return sha256Hex(JSON.stringify(["leashkit/denial/1", tenant, subject, agent, tool, kind, value]));
}

/** What calls must share to be answered by a no to this one. */
function likenesses({ counterparty, terms, digest, edit }: Approval): readonly Likeness[] {
  if (counterparty !== null) return [["counterparty", counterparty.id]];
  if (terms.denyMemoryMs !== undefined) return [["tool", ""]];
  // The agent knows an edited call as it proposed it.
  return [...new Set([digest, edit?.proposedDigest ?? digest])].map((known) => ["digest", known] as const);
}

/** The rows by which a no is remembered, to be written with it. */
export async function memoryOf(store: Store, denied: Approval, { approver, at }: Verdict): Promise<readonly Change[]> {
  const windowMs = denied.terms.denyMemoryMs ?? DEFAULT_MEMORY_MS;
  if (windowMs === 0) return [];
  const denial: Denial = { v: 1, approvalId: denied.id, approver, at, until: at + windowMs, retries: 0 };
  return Promise.all(
    likenesses(denied).map(async (likeness) => {
      const id = denialId(denied, likeness);
      const version = (await store.get("denial", id))?.version ?? 0;
      return writeDenial({ id, version, value: denial });
    }),
  );
}

function writeDenial({ id, version, value }: StoredDenial): Change {
  return { kind: "denial", id, expect: version, body: toBody(value), dueAt: value.until };
}

/** The no that answers a call about which a person would be asked on these terms; undefined where none does. */
export async function recall(
  store: Store,
  call: Remembered,
  terms: ApprovalTerms | null,
): Promise<StoredDenial | undefined> {
  if (terms?.denyMemoryMs === 0) return undefined;
  const { counterparty, digests } = call;
  const likely: readonly Likeness[] = [
    ...(counterparty === null ? [] : [["counterparty", counterparty.id] as const]),
    ["tool", ""],
    ...[...new Set(digests)].map((digest) => ["digest", digest] as const),
  ];
  for (const likeness of likely) {
    const id = denialId(call, likeness);
    const row = await store.get("denial", id);
    const denial = row === undefined ? undefined : openRow<Denial>(row);
    if (denial !== undefined && store.now() < denial.value.until) return { id, ...denial };
  }
  return undefined;
}

/** The same denial after it answered one call more. */
export function countRetry({ id, version, value }: StoredDenial): { readonly denial: Denial; readonly change: Change } {
  const denial: Denial = { ...value, retries: value.retries + 1 };
  return { denial, change: writeDenial({ id, version, value: denial }) };
}
