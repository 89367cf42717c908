import { showsWhatRuns } from "../approvals/rows.ts";
import { readLines } from "../audit/export.ts";
import { readLine } from "../audit/line.ts";
import { uuidv8 } from "../ids.ts";
import type { AuditEnvelope, AuditPayload } from "../model/audit.ts";
import type { JournalEntry } from "../model/journal.ts";
import { openRow } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";
import { receiptInput } from "./ran.ts";
import type { ReceiptInput } from "./receipt.ts";
import { approvalBehind, type ReceiptParts } from "./writer.ts";

/**
 * What a receipt would have said of the last run of an action: for runs whose process ended before it signed one. Leave and
 * outcome are the log's word; of the rows only what names them is believed. It costs a walk through a part of the log.
 * @param isKnown tells of the id of a stored receipt whether it is there.
 */
export async function lateReceipts(
  parts: ReceiptParts,
  tenant: string,
  actionId: string,
  isKnown: (id: string) => boolean,
): Promise<readonly ReceiptInput[]> {
  const found: ReceiptInput[] = [];
  for (const { entry, id } of await rowsOf(parts.store, actionId)) {
    if (entry.tenant !== tenant || isKnown(`${actionId}.${entry.attemptId}`)) continue;
    const told = await toldOf(parts.store, entry, { tenant, actionId });
    const input = told && (await inputOf(parts, { entry, id }, told));
    if (input !== undefined) found.push(input);
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

type Line = AuditPayload & AuditEnvelope & { readonly ts: string };

/**
 * What the log tells of a run: its leave, the standing yeses that the action has used, and its outcome where the process that ran
 * it could still write one.
 */
interface Told {
  readonly granted: Line;
  /** Ids of allowances. */
  readonly used: readonly string[];
  readonly ended: Line | undefined;
}

/** All lies in the stream of the process that ran the call. A line that was changed is none, and one of another call tells nothing. */
async function toldOf(
  store: Store,
  { attemptId, owner }: JournalEntry,
  { actionId, tenant }: { readonly actionId: string; readonly tenant: string },
): Promise<Told | undefined> {
  if (attemptId === null || owner === null) return undefined;
  const used: string[] = [];
  let granted: Line | undefined;
  for await (const { line } of readLines(store, owner.instance)) {
    if (!line.includes(actionId) || "problem" in readLine(line)) continue;
    const record = JSON.parse(line) as Line;
    if (record.action_id !== actionId || record.tenant !== tenant) continue;
    if (granted === undefined) {
      if (record.type === "allowance.used") used.push(record.detail?.split(":")[0] ?? "");
      if (record.type === "granted" && record.decision_id === attemptId) granted = record;
    } else if (isOutcomeOf(record, granted)) return { granted, used, ended: record };
  }
  return granted && { granted, used, ended: undefined };
}

function isOutcomeOf({ digest, type }: Line, granted: Line): boolean {
  return (type === "executed" || type === "failed" || type === "unknown") && digest === granted.digest;
}

async function inputOf(parts: ReceiptParts, row: JournalRow, told: Told): Promise<ReceiptInput | undefined> {
  const { ended, granted } = told;
  const entry = entryBy(row.entry, told);
  if (entry === undefined) return undefined;
  const approval = await approvalBehind(parts, entry, granted.digest ?? "");
  const input = receiptInput(
    {
      action: {
        actionId: granted.action_id ?? "",
        tool: granted.action_type ?? "",
        digest: granted.digest ?? "",
        inputDigest: granted.input_ref ?? "",
        principal: { tenant: granted.tenant, subject: "", agent: granted.actor_id, chain: [] },
      },
      decision: {
        rule: granted.rule ?? null,
        policyId: granted.policy_id ?? "",
        policyDigest: granted.policy_digest ?? "",
      },
      proof: { jti: granted.proof_jti ?? "", kid: granted.proof_kid ?? "" },
      journalId: row.id,
      entry: { ...entry, outputRef: ended?.output_ref ?? null },
    },
    approval,
    parts.keys.publicKeys("approval"),
  );
  // The digest covers on whose behalf, so an approval of this very action tells. Of the agents above nothing does.
  const isSame = approval !== undefined && approval.digest === granted.digest && showsWhatRuns(approval);
  const sub = isSame ? approval.principal.subject : null;
  return input && { ...input, sub, chain: null, issued_late: true };
}

/** The row with the log's word on whose yes it ran, and on what became of it; undefined where it may still be running. */
function entryBy({ allowanceId, ...row }: JournalEntry, { ended, granted, used }: Told): JournalEntry | undefined {
  const startedAt = Date.parse(granted.ts);
  const lifted = allowanceId !== undefined && used.includes(allowanceId) ? { allowanceId } : {};
  const entry = { ...row, ...lifted, approvalId: granted.approval_id ?? null };
  if (ended === undefined) {
    const isOver = entry.state === "done" || entry.state === "failed" || entry.state === "unknown";
    // Somebody else's word on it, or a person's: whoever ran it said nothing.
    return isOver ? { ...entry, state: "unknown", failure: null, startedAt } : undefined;
  }
  const endedAt = Date.parse(ended.ts);
  if (ended.type === "executed") return { ...entry, state: "done", failure: null, startedAt, endedAt };
  if (ended.type === "unknown") return { ...entry, state: "unknown", failure: null, startedAt, endedAt };
  const effect = ended.detail === "effect none" ? "none" : "unknown";
  return { ...entry, state: "failed", failure: { kind: "", effect }, startedAt, endedAt };
}
