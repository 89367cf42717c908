import { parentPort } from "node:worker_threads";
import { runSeeds } from "./report.ts";

/** Seeds that a worker is given to run. */
export interface Portion {
  readonly first: number;
  readonly seeds: number;
}

async function live({ first, seeds }: Portion): Promise<void> {
  const summary = await runSeeds({ first, seeds, deadline: Number.POSITIVE_INFINITY });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(summary);
}

/** A thread of the long run: lives through the seeds it is given and says what became of them, until it is ended. */
parentPort?.on("message", (portion: Portion) => void live(portion));
