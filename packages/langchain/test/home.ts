import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash, type Leash, type LeashOptions } from "@leashkit/core";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";

/** A folder in which threads and approvals outlive the agents that work on them. */
export interface Home {
  /** Another leash on the same store, as the next process opens it. */
  leash(policy: string, options?: Partial<LeashOptions>): Promise<Leash>;
  /** Another checkpointer on the same file. */
  checkpointer(): SqliteSaver;
}

const leaving: (() => Promise<void> | void)[] = [];

export function newHome(): Home {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-home-"));
  leaving.push(() => rmSync(folder, { recursive: true, force: true }));
  return {
    async leash(policy, options = {}) {
      const text = `leash: 1\n${policy}`;
      const leash = await createLeash({ policy: { text }, state: join(folder, "state"), notify: [], ...options });
      leaving.push(() => leash.close());
      return leash;
    },
    checkpointer() {
      const saver = SqliteSaver.fromConnString(join(folder, "graph.db"));
      leaving.push(() => void saver.db.close());
      return saver;
    },
  };
}

/** Closes and clears away every home, after the test. */
export async function leaveHomes(): Promise<void> {
  for (const leave of leaving.splice(0).toReversed()) await leave();
}
