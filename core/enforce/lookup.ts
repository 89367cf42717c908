import { readCurrent } from "../approvals/expiry.ts";
import { outcomeRecord } from "../audit/records.ts";
import { LeashDenied, LeashError } from "../errors.ts";
import { readEntry, writeEntry } from "../journal/entries.ts";
import type { Approval } from "../model/approval.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Stored } from "../store/envelope.ts";
import { watchFor } from "../store/watch-for.ts";
import { throwIfAborted } from "./abort.ts";
import { inForce, type Scope } from "./context.ts";
import { currentPermit } from "./permit.ts";
import type { Proposal } from "./proposal.ts";

/** How often to ask whether the process that runs the call still lives. */
const LEASE_CHECK_MS = 1_000;

/** What is already known of a call, before the policy is asked. */
export type Known =
  /** Nothing, or an earlier attempt failed: decide. `version` is the row's, 0 where there is none. */
  | { readonly kind: "new"; readonly version: number; readonly entry: JournalEntry | undefined }
  /** A person was asked. */
  | { readonly kind: "held"; readonly entry: Stored<JournalEntry>; readonly approval: Stored<Approval> }
  /** Leave was given, the run paused itself (or lapsed and may be repeated): run on under the same grant. */
  | { readonly kind: "granted"; readonly entry: Stored<JournalEntry> }
  /** It ran and ended well. */
  | { readonly kind: "done"; readonly entry: JournalEntry };

/**
 * Step 3: journal before policy. Waits while the call runs elsewhere; a run that was cut off is unknown and stays so, unless
 * the tool says that it may be repeated.
 * @throws {LeashError} `LEASH_OUTCOME_UNKNOWN`, `LEASH_ABORTED`, `LEASH_STORE_UNAVAILABLE`.
 */
export async function lookUp(scope: Scope, proposal: Proposal, signal?: AbortSignal): Promise<Known> {
  const { store } = scope.context;
  for (;;) {
    const entry = await readEntry(store, proposal.journalId);
    if (entry === undefined) return { kind: "new", version: 0, entry: undefined };
    switch (entry.value.state) {
      case "done":
        return { kind: "done", entry: entry.value };
      case "failed":
        return { kind: "new", version: entry.version, entry: entry.value };
      case "unknown":
        throw unknownOutcome(entry.value.tool);
      case "suspended":
        return { kind: "granted", entry };
      case "held":
        return held(scope, entry);
      case "running":
        if (await runsElsewhere(scope, proposal, entry, signal)) break;
        if (mayBeRepeated(scope, entry.value.tool)) return { kind: "granted", entry };
        if (await markUnknown(scope, proposal, entry)) throw unknownOutcome(entry.value.tool);
        break;
    }
  }
}

/**
 * The same for who only observes, and so changes nothing: the call's row where it ran and ended well, undefined where nothing
 * keeps it from running.
 * @throws {LeashError} `LEASH_OUTCOME_UNKNOWN`, `LEASH_ABORTED`, `LEASH_STORE_UNAVAILABLE`.
 */
export async function lookOnly(
  scope: Scope,
  proposal: Proposal,
  signal?: AbortSignal,
): Promise<JournalEntry | undefined> {
  for (;;) {
    const entry = await readEntry(scope.context.store, proposal.journalId);
    if (entry?.value.state === "done") return entry.value;
    if (entry?.value.state === "unknown") throw unknownOutcome(entry.value.tool);
    if (entry?.value.state !== "running") return undefined;
    if (await runsElsewhere(scope, proposal, entry, signal)) continue;
    if (mayBeRepeated(scope, entry.value.tool)) return undefined;
    throw unknownOutcome(entry.value.tool);
  }
}

/** True once something has changed, or a while has passed, while another process ran the call. */
async function runsElsewhere(
  { context: { presence, store } }: Scope,
  proposal: Proposal,
  { value, version }: Stored<JournalEntry>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  refuseInside(proposal);
  const id = proposal.journalId;
  if (!(await presence.isRunning(id, value))) return false;
  await watchFor(store, { kind: "journal", id, version, atMostMs: LEASE_CHECK_MS, signal });
  throwIfAborted(signal);
  return true;
}

/** A tool that makes the very call it is running in would wait for itself. */
function refuseInside({ action }: Proposal): void {
  const permit = currentPermit();
  if (permit?.actionId !== action.actionId) return;
  throw new LeashDenied({
    reasonCode: "already_executed",
    reason:
      "This very call is running, and proposes itself again from inside. Give the inner call an identity of its own.",
    approvalId: permit.approvalId,
  });
}

/** The policy's word on the tool, else the tool's own; silence means no. */
function mayBeRepeated(scope: Scope, id: string): boolean {
  const tool = scope.context.registry.get(id);
  return tool !== undefined && (inForce(scope).policy.idempotent?.(tool) ?? tool.idempotent);
}

async function held(scope: Scope, entry: Stored<JournalEntry>): Promise<Known> {
  const { store, stream } = scope.context;
  const approval =
    entry.value.approvalId === null ? undefined : await readCurrent(store, stream, entry.value.approvalId);
  if (approval === undefined) {
    throw new LeashError("LEASH_STORE_UNAVAILABLE", "The approval that a held call names is missing from the store.");
  }
  // A cancelled question was never answered; the same call may be asked about again.
  if (approval.value.status === "cancelled") return { kind: "new", version: entry.version, entry: entry.value };
  return { kind: "held", entry, approval };
}

async function markUnknown(
  scope: Scope,
  { action, journalId }: Proposal,
  entry: Stored<JournalEntry>,
): Promise<boolean> {
  const { store, stream } = scope.context;
  const lost: JournalEntry = { ...entry.value, state: "unknown", endedAt: store.now() };
  const result = await store.commit([writeEntry(journalId, lost, entry.version)], {
    stream,
    records: [outcomeRecord(action.principal, lost, "unknown", {}, { action_id: action.actionId })],
  });
  return result.ok;
}

function unknownOutcome(tool: string): LeashError {
  return new LeashError(
    "LEASH_OUTCOME_UNKNOWN",
    `The call of ${JSON.stringify(tool)} started and was cut off; whether it took effect is unknown. It was not and will not be ` +
      "repeated. Check at the other side, and propose a new call where it did not.",
  );
}
