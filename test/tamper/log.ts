import { type AuditRecord, type KeySet, memoryKeyRing, type Store } from "@leashkit/core";
import { fakeClock, seededRandom } from "@leashkit/core/testing";
import { createAuditLog } from "../../core/audit/log.ts";
import { memoryStore } from "../../core/store/memory.ts";

/** A log with the checkpoints that somebody kept of it. */
export interface KeptLog {
  readonly stream: string;
  readonly lines: readonly string[];
  /** Signed notes, in order. */
  readonly checkpoints: readonly string[];
  readonly keys: KeySet;
  /** Where it was written, with its checkpoints. */
  readonly store: Store;
}

/** @param every Records between two checkpoints; the last one covers the whole log. */
export async function keptLog(records: number, every: number): Promise<KeptLog> {
  const clock = fakeClock();
  const random = seededRandom(6);
  const store = memoryStore({ clock });
  const keys = memoryKeyRing({ clock, random });
  const log = createAuditLog({ store, keys, random });
  const stream = "writer-1";
  const checkpoints: string[] = [];
  for (let written = 0; written < records; written += every) {
    const count = Math.min(every, records - written);
    clock.advance(1_000);
    await store.commit([], { stream, records: Array.from({ length: count }, (_unused, at) => record(written + at)) });
    const taken = await log.checkpoint();
    if (taken !== null) checkpoints.push(taken.note);
  }
  const lines: string[] = [];
  for (let from = 0; from < records; from += 1_000) {
    lines.push(...(await store.lines(stream, from, 1_000)).map(({ line }) => line));
  }
  return { stream, lines, checkpoints, keys: keys.keySet(), store };
}

function record(number: number): AuditRecord {
  return {
    payload: {
      type: "decided",
      tenant: "acme",
      actor_type: "agent",
      actor_id: "buyer",
      action_type: "purchase",
      decision: "ALLOW",
      effective: "ALLOW",
      rule: "small",
      detail: `n° ${number} 💸`,
    },
    envelope: { action_id: `action-${number}`, trace_id: "0af7651916cd43dd8448eb211c80319c" },
  };
}
