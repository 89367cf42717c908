import { readAllowance } from "../approvals/allowances.ts";
import { readApproval } from "../approvals/rows.ts";
import { isLeashError } from "../errors.ts";
import type { Approval } from "../model/approval.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Random } from "../model/runtime.ts";
import { toBody } from "../store/envelope.ts";
import type { Change, Store } from "../store/store.ts";
import type { KeyRing } from "../tokens/keys.ts";
import { type RanCall, receiptInput } from "./ran.ts";
import { issueReceipt } from "./receipt.ts";

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

export function createReceiptWriter(parts: ReceiptParts): ReceiptWriter {
  let waiting: RanCall[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<boolean> = Promise.resolve(true);

  function later(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush().then((written) => written || later(RETRY_MS));
    }, ms).unref();
  }

  /** False where the store could not be written; what was noted is kept. */
  function flush(): Promise<boolean> {
    writing = writing.then(async () => {
      while (waiting.length > 0) {
        const some = waiting.slice(0, MOST_AT_ONCE);
        if (!(await write(parts, some))) return false;
        waiting = waiting.slice(some.length);
      }
      return true;
    });
    return writing;
  }

  return {
    add(ran) {
      if (waiting.length >= MOST_WAITING) return;
      waiting.push(ran);
      later(GATHERING_MS);
    },
    flush,
    async close() {
      clearTimeout(timer);
      timer = undefined;
      await flush();
    },
  };
}

async function write(parts: ReceiptParts, runs: readonly RanCall[]): Promise<boolean> {
  try {
    const changes = (await Promise.all(runs.map((ran) => receiptOf(parts, ran)))).filter((one) => one !== undefined);
    const { ok } = await parts.store.commit(changes);
    // One that is there already was written with a lost answer: each by itself, then.
    if (!ok) for (const change of changes) await parts.store.commit([change]);
    return true;
  } catch {
    return false;
  }
}

async function receiptOf(parts: ReceiptParts, ran: RanCall): Promise<Change | undefined> {
  const approval = await approvalBehind(parts.store, ran.entry);
  const input = receiptInput(ran, approval);
  if (input === undefined) return undefined;
  try {
    return receiptChange(parts, input);
  } catch (error) {
    // What cannot be written as a token never will be: it must not keep the others back.
    if (isLeashError(error, "LEASH_INPUT_INVALID")) return undefined;
    throw error;
  }
}

/** The row of a receipt, signed now. */
export function receiptChange(
  { keys, random, store }: ReceiptParts,
  input: Parameters<typeof issueReceipt>[1],
): Change {
  const body: StoredReceipt = { v: 1, token: issueReceipt(keys.signer("receipt"), input, store.now(), random) };
  return { kind: "receipt", id: `${input.action_id}.${input.decision_id}`, expect: 0, body: toBody(body) };
}

/** The question whose yes gave leave: the call's own, or the one that a standing yes came from. */
export async function approvalBehind(store: Store, entry: JournalEntry): Promise<Approval | undefined> {
  const { allowanceId, approvalId } = entry;
  const allowance = allowanceId === undefined ? undefined : await readAllowance(store, allowanceId);
  const id = allowance?.value.approvalId ?? approvalId;
  return id === null ? undefined : (await readApproval(store, id))?.value;
}
