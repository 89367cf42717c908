import { journalRecord } from "../audit/records.ts";
import { releasedRecords } from "../audit/released.ts";
import { LeashDenied, LeashError } from "../errors.ts";
import { uuidv8 } from "../ids.ts";
import { release } from "../limits/readings.ts";
import type { Approver } from "../model/approval.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Journal, SettledOutcome, UnsettledCall } from "../model/settling.ts";
import { openRow, type Stored } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";
import { commitEntry } from "./entries.ts";
import type { Presence } from "./presence.ts";

/** What the journal of one tenant is read and settled with. */
export interface JournalParts {
  readonly store: Store;
  readonly stream: string;
  readonly tenant: string;
  readonly presence: Presence;
}

interface Found {
  readonly id: string;
  readonly entry: Stored<JournalEntry>;
}

/** Rows read at a time. */
const PAGE = 1_000;

/** Commits that lose against others before it is given up. */
const MOST_TRIES = 1_000;

/**
 * The calls whose outcome nobody knows, and a person's word on them.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for somebody without an id.
 */
export function createJournal(parts: JournalParts, person: Approver): Journal {
  if (person.id.trim() === "") {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "Whoever settles a call needs an id: the log must be able to say who.",
    );
  }
  return {
    unsettled: async () => (await unsettled(parts, await rows(parts))).map(({ entry }) => face(entry.value)),
    settle: (call, outcome, options = {}) => settle(parts, person, call, outcome, options.reason),
  };
}

async function rows({ store, tenant }: JournalParts): Promise<readonly Found[]> {
  const found: Found[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store.list("journal", { limit: PAGE, ...(after === undefined ? {} : { after }) });
    const read = page.map((row) => ({ id: row.id, entry: openRow<JournalEntry>(row) }));
    found.push(...read.filter(({ entry }) => entry.value.tenant === tenant));
    after = page.at(-1)?.id;
    if (page.length < PAGE) return found;
  }
}

/** Unknown ones, and those that started and whose process is gone: nobody will write their outcome any more. */
async function unsettled(parts: JournalParts, among: readonly Found[]): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const row of among) if (await isUnsettled(parts, row.id, row.entry.value)) found.push(row);
  return found.toSorted((a, b) => startOf(a) - startOf(b));
}

async function isUnsettled({ presence }: JournalParts, id: string, entry: JournalEntry): Promise<boolean> {
  if (entry.state === "unknown") return true;
  return entry.state === "running" && !(await presence.isRunning(id, entry));
}

function startOf({ entry }: Found): number {
  return entry.value.startedAt ?? entry.value.requestedAt;
}

function face({ approvalId, attempt, callKey, finalDigest, startedAt, state, tool }: JournalEntry): UnsettledCall {
  return {
    actionId: uuidv8(callKey),
    tool,
    digest: finalDigest,
    state: state === "unknown" ? "unknown" : "cut_off",
    startedAt,
    attempt,
    approvalId,
  };
}

async function settle(
  parts: JournalParts,
  person: Approver,
  call: UnsettledCall | string,
  outcome: SettledOutcome,
  reason: string | undefined,
): Promise<UnsettledCall> {
  const name = typeof call === "string" ? call : call.actionId;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const among = (await rows(parts)).filter(({ entry }) => isMeant(entry.value, call));
    const [only, another] = await unsettled(parts, among);
    if (only === undefined) throw notUnsettled(name);
    // Also where the others have an outcome by now: the person may have looked at one of them.
    const isShared = among.filter(({ entry }) => uuidv8(entry.value.callKey) === name).length > 1;
    if (another !== undefined || isShared) throw ambiguous(name);
    if (await write(parts, person, only, outcome, reason)) return face(only.entry.value);
  }
  throw new LeashError("LEASH_STORE_UNAVAILABLE", "The rows of this call never rest. Nothing was settled.");
}

/** A name stands for whatever goes by it; a call that a person looked at for itself, at the attempt that they saw. */
function isMeant(entry: JournalEntry, call: UnsettledCall | string): boolean {
  const [actionId, digest] = [uuidv8(entry.callKey), entry.finalDigest];
  if (typeof call === "string") return actionId === call || digest === call;
  return actionId === call.actionId && digest === call.digest && entry.attempt === call.attempt;
}

/** One commit: the outcome, what it gives back of the limits, and who said so. False: somebody else moved first. */
async function write(
  parts: JournalParts,
  person: Approver,
  { entry: { value, version }, id }: Found,
  outcome: SettledOutcome,
  reason: string | undefined,
): Promise<boolean> {
  const { store, stream, tenant } = parts;
  const { reserved = [], ...rest } = value;
  const happened = outcome === "done";
  const entry: JournalEntry = {
    ...rest,
    ...(happened && reserved.length > 0 ? { reserved } : {}),
    state: happened ? "done" : "failed",
    failure: happened ? null : { kind: "Settled", effect: "none" },
    endedAt: store.now(),
  };
  const freed = happened ? [] : reserved;
  const { changes, given } = await release({ store, tenant, mode: "enforce" }, freed);
  const record = journalRecord(entry, person, happened ? "done" : "not done", reason);
  const records = [record, ...releasedRecords(record, given)];
  return commitEntry(store, { id, entry, expect: version }, changes, { stream, records });
}

function notUnsettled(call: string): LeashDenied {
  return new LeashDenied({
    reasonCode: "already_executed",
    reason: `No call ${JSON.stringify(call.slice(0, 64))} is without an outcome: it has one, it still runs, or there is none of that id.`,
  });
}

function ambiguous(call: string): LeashDenied {
  return new LeashDenied({
    reasonCode: "already_executed",
    reason: `Several calls go by ${JSON.stringify(call)}, so nothing was settled. Name one by its digest, or by its action id.`,
  });
}
