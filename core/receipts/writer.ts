import { readAllowance } from "../approvals/allowances.ts";
import { readApproval } from "../approvals/rows.ts";
import type { Approval } from "../model/approval.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Json } from "../model/json.ts";
import type { PublicKey } from "../model/keys.ts";
import type { ReceiptClaims } from "../model/receipt.ts";
import type { Random } from "../model/runtime.ts";
import { toBody } from "../store/envelope.ts";
import type { Change, Row, Store } from "../store/store.ts";
import { verifyAllowance } from "../tokens/allowance.ts";
import type { KeyRing } from "../tokens/keys.ts";
import { type RanCall, receiptInput } from "./ran.ts";
import { issueReceipt, verifyReceipt } from "./receipt.ts";

/** What receipts are written with. */
export interface ReceiptParts {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly random: Random;
}

/** Signs what ran, later: no call waits for it. */
export interface ReceiptWriter {
  /** Takes note of a run that ended. Never throws, and costs next to nothing. */
  add(ran: RanCall): void;
  /** Writes what is noted so far. False where the store could not be written: it is tried again later. */
  flush(): Promise<boolean>;
  /** Writes what is noted so far, as far as that can be done now. */
  close(): Promise<void>;
}

/** A receipt as stored: under `<action id>.<decision id>`, so that those of one action follow one another in time. */
export interface StoredReceipt {
  readonly v: 1;
  readonly token: string;
}

/** How long notes are gathered, so that many runs share a commit. Milliseconds. */
const GATHERING_MS = 25;

/** How long to wait after a store that could not be written. Milliseconds. */
const RETRY_MS = 1_000;

/** Receipts of one commit. */
const MOST_AT_ONCE = 64;

/** Notes kept while the store is away; of older ones the receipt is signed when somebody asks for it. */
const MOST_WAITING = 10_000;

/** A run that waits for its receipt. */
interface Note {
  readonly ran: RanCall;
  tries: number;
}

/** A receipt that cannot be made: its approval's row is damaged, say. It can be asked for later. */
const MOST_TRIES = 5;

export function createReceiptWriter(parts: ReceiptParts): ReceiptWriter {
  let waiting: Note[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<boolean> = Promise.resolve(true);
  let isClosed = false;

  function later(ms: number): void {
    if (isClosed) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush().then((written) => written || later(RETRY_MS));
    }, ms).unref();
  }

  /** False where something could not be written: it is kept, and tried again. */
  async function writeAll(): Promise<boolean> {
    const kept: Note[] = [];
    while (waiting.length > 0) {
      const some = waiting.splice(0, MOST_AT_ONCE);
      kept.push(...(await write(parts, some)).filter((note) => (note.tries += 1) < MOST_TRIES));
    }
    waiting = [...kept, ...waiting];
    return kept.length === 0;
  }

  function flush(): Promise<boolean> {
    writing = writing.then(writeAll);
    return writing;
  }

  return {
    add(ran) {
      if (isClosed || waiting.length >= MOST_WAITING) return;
      waiting.push({ ran, tries: 0 });
      later(GATHERING_MS);
    },
    flush,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      timer = undefined;
      await flush();
    },
  };
}

/** Gives the notes that could not be written. */
async function write(parts: ReceiptParts, notes: readonly Note[]): Promise<readonly Note[]> {
  const made = await Promise.allSettled(notes.map(({ ran }) => receiptOf(parts, ran)));
  const missing = notes.filter((_note, at) => made[at]?.status === "rejected");
  const changes = made.flatMap((one) => (one.status === "fulfilled" && one.value !== undefined ? [one.value] : []));
  try {
    const { ok } = await parts.store.commit(changes);
    // Somebody was quicker with one of them: each by itself, then.
    if (!ok) for (const change of changes) await put(parts, change);
    return missing;
  } catch {
    return notes;
  }
}

/** The word of whoever ran a call counts more than one that was signed without it. */
async function put({ keys, store }: ReceiptParts, change: Change): Promise<void> {
  const { ok } = await store.commit([change]);
  const row = ok ? undefined : await store.get(change.kind, change.id);
  if (row === undefined || !isBetter(change, row, keys.publicKeys("receipt"))) return;
  await store.commit([{ ...change, expect: row.version }]);
}

function isBetter(change: Change, row: Row, keys: readonly PublicKey[]): boolean {
  const outcomeOf = (body: Json | null): ReceiptClaims | undefined => {
    try {
      return verifyReceipt((body as unknown as StoredReceipt).token, keys);
    } catch {
      return undefined;
    }
  };
  const [made, stored] = [outcomeOf(change.body), outcomeOf(row.body)];
  if (made === undefined) return false;
  return stored === undefined || stored.issued_late === true || stored.outcome !== made.outcome;
}

async function receiptOf(parts: ReceiptParts, ran: RanCall): Promise<Change | undefined> {
  const approval = await approvalBehind(parts, ran.entry, ran.action.digest);
  const input = receiptInput(ran, approval, parts.keys.publicKeys("approval"));
  return input === undefined ? undefined : receiptChange(parts, input);
}

/** The row of a receipt, signed now. */
export function receiptChange(
  { keys, random, store }: ReceiptParts,
  input: Parameters<typeof issueReceipt>[1],
): Change {
  const body: StoredReceipt = { v: 1, token: issueReceipt(keys.signer("receipt"), input, store.now(), random) };
  return { kind: "receipt", id: `${input.action_id}.${input.decision_id}`, expect: 0, body: toBody(body) };
}

/**
 * The question whose yes gave leave to run what has this digest: the call's own, or the one that a standing yes came from.
 * Undefined where its row is gone, or is about something else: a row is only a claim.
 */
export async function approvalBehind(
  { keys, store }: ReceiptParts,
  { allowanceId, approvalId, callKey }: JournalEntry,
  digest: string,
): Promise<Approval | undefined> {
  if (allowanceId !== undefined) {
    const allowance = (await readAllowance(store, allowanceId))?.value;
    const isSigned = allowance?.id === allowanceId && verifyAllowance(allowance, keys.publicKeys("approval"));
    return isSigned ? approvalOf(store, allowance.approvalId) : undefined;
  }
  const approval = approvalId === null ? undefined : await approvalOf(store, approvalId);
  return approval?.callKey === callKey && approval.digest === digest ? approval : undefined;
}

async function approvalOf(store: Store, id: string): Promise<Approval | undefined> {
  const approval = (await readApproval(store, id))?.value;
  return approval?.id === id ? approval : undefined;
}
