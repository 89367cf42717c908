import { readLines } from "../audit/export.ts";
import { idempotencyKeyOf } from "../journal/entries.ts";
import { uuidv8 } from "../ids.ts";
import type { AuditEnvelope, AuditPayload } from "../model/audit.ts";
import type { JournalEntry } from "../model/journal.ts";
import { openRow } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";
import { type RanCall, receiptInput } from "./ran.ts";
import type { ReceiptInput } from "./receipt.ts";
import { approvalBehind } from "./writer.ts";

/**
 * What a receipt would have said of the last run of an action, from journal, approval and log: for runs whose process ended
 * before it signed one. It costs a walk through a part of the log.
 * @param isKnown tells of the id of a stored receipt whether it is there.
 */
export async function lateReceipts(
  store: Store,
  tenant: string,
  actionId: string,
  isKnown: (id: string) => boolean,
): Promise<readonly ReceiptInput[]> {
  const found: ReceiptInput[] = [];
  for (const { entry, id } of await rowsOf(store, actionId)) {
    if (entry.tenant !== tenant || isKnown(`${actionId}.${entry.attemptId}`)) continue;
    const granted = await grantOf(store, entry);
    if (granted === undefined) continue;
    const approval = await approvalBehind(store, entry);
    const input = receiptInput(ranBy(entry, id, granted), approval);
    if (input === undefined) continue;
    const principal = approval?.principal;
    const known = principal === undefined ? { sub: null } : { sub: principal.subject, chain: principal.chain };
    found.push({ ...input, ...known, issued_late: true });
  }
  return found;
}

interface JournalRow {
  readonly id: string;
  readonly entry: JournalEntry;
}

/** Hex digits at the start of an action's id that are those of its call key. */
const SHARED_DIGITS = 12;

/** The rows of the journal whose call key gives this action id. */
async function rowsOf(store: Store, actionId: string): Promise<readonly JournalRow[]> {
  const start = actionId.replaceAll("-", "").slice(0, SHARED_DIGITS);
  const found: JournalRow[] = [];
  let after = start;
  for (;;) {
    const page = await store.list("journal", { after });
    for (const row of page) {
      if (!row.id.startsWith(start)) return found;
      const entry = openRow<JournalEntry>(row).value;
      if (uuidv8(entry.callKey) === actionId) found.push({ id: row.id, entry });
    }
    const last = page.at(-1);
    if (last === undefined) return found;
    after = last.id;
  }
}

type Granted = AuditPayload & AuditEnvelope;

/** The record of the leave that an entry's run had: it lies in the stream of the process that ran it. */
async function grantOf(store: Store, { attemptId, owner }: JournalEntry): Promise<Granted | undefined> {
  if (attemptId === null || owner === null) return undefined;
  for await (const { line } of readLines(store, owner.instance)) {
    if (!line.includes(attemptId)) continue;
    const record = JSON.parse(line) as Granted;
    if (record.type === "granted" && record.decision_id === attemptId) return record;
  }
  return undefined;
}

function ranBy(entry: JournalEntry, journalId: string, granted: Granted): RanCall {
  return {
    action: {
      actionId: granted.action_id ?? uuidv8(entry.callKey),
      tool: entry.tool,
      digest: entry.finalDigest,
      inputDigest: granted.input_ref ?? "",
      principal: { tenant: entry.tenant, subject: "", agent: granted.actor_id, chain: [] },
    },
    decision: {
      rule: granted.rule ?? null,
      policyId: granted.policy_id ?? "",
      policyDigest: granted.policy_digest ?? "",
    },
    proof: { jti: granted.proof_jti ?? "", kid: granted.proof_kid ?? "" },
    idempotencyKey: idempotencyKeyOf(journalId),
    entry,
  };
}
