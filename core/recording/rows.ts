import { uuidv7 } from "../ids.ts";
import type { DecisionRecording, OutcomeRecording, Recording } from "../model/recording.ts";
import { openRow } from "../store/envelope.ts";
import { isStorable } from "../store/request.ts";
import type { Row, Store } from "../store/store.ts";
import type { Retention } from "../store/sweep.ts";
import { openBody, type SealedBody } from "./cipher.ts";

/** What recordings leave behind once their time is over. */
export const RECORDING_RETENTION: Retention = { kind: "recording", inOrder: true };

/** The row of what a run gave, beside the row of the decision that may have the same id. */
export function outcomeId(attemptId: string): string {
  return `${attemptId}.outcome`;
}

/** Recordings of one session are listed together. */
export function keyOf(session: string | null): string | null {
  return session !== null && isStorable(session) ? session : null;
}

/** A recording, or why it cannot be read. */
export type Opened = { readonly recording: Recording } | { readonly problem: "encrypted" | "unreadable" };

/** @param key the one that the leash was given as `record.key`. */
export function openRecording(row: Row, key: Uint8Array | undefined): Opened {
  try {
    const { value } = openRow<Recording | (SealedBody & { readonly of?: never })>(row);
    if (!("sealed" in value)) return { recording: value };
    if (key === undefined) return { problem: "encrypted" };
    // The tag says that a leash with this key wrote it.
    return { recording: openBody(key, row.id, value) as unknown as Recording };
  } catch {
    return { problem: key === undefined ? "unreadable" : "encrypted" };
  }
}

/** The recording of a decision; undefined where there is none under this id. */
export async function readDecision(store: Store, id: string, key?: Uint8Array): Promise<Opened | undefined> {
  const row = await store.get("recording", id);
  return row === undefined ? undefined : openRecording(row, key);
}

/** Recordings in order of their time, page by page. */
export async function* listRecordings(
  store: Store,
  { by, key, since }: { readonly by?: string; readonly key?: Uint8Array | undefined; readonly since?: number },
): AsyncGenerator<{ readonly id: string; readonly opened: Opened }> {
  let after = since === undefined ? undefined : firstIdAt(since);
  for (;;) {
    const page = await store.list("recording", {
      limit: PAGE,
      ...(by !== undefined && { by }),
      ...(after !== undefined && { after }),
    });
    for (const row of page) yield { id: row.id, opened: openRecording(row, key) };
    if (page.length < PAGE) return;
    after = page.at(-1)?.id;
  }
}

const PAGE = 500;

/** The lowest id that a decision of this moment can have: ids begin with their time. */
function firstIdAt(time: number): string {
  return uuidv7(time, (size) => new Uint8Array(size)).slice(0, 13);
}

export function isDecision(recording: Recording): recording is DecisionRecording {
  return recording.of === "decision";
}

export function isOutcome(recording: Recording): recording is OutcomeRecording {
  return recording.of === "outcome";
}
