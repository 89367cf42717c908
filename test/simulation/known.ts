import type { JournalEntry } from "@leashkit/core";
import { journalIdOf } from "./identity.ts";
import type { Wanted, World } from "./world.ts";

// What the journal knows of a call, whoever proposes it.

/** The call has a result of its own that everybody is given who proposes it again. */
export function hasResult(world: World, wanted: Wanted): boolean {
  const entry = rowOf(world, wanted);
  return entry?.state === "done" && entry.outputRef !== null;
}

/** It began under enforce, and nobody knows how it ended: this is no reason to begin again. */
export function isCutOff(world: World, wanted: Wanted): boolean {
  const state = rowOf(world, wanted)?.state;
  return state === "running" || state === "unknown";
}

/** It ran, and nothing was kept of what it gave. */
export function isDoneWithout(world: World, wanted: Wanted): boolean {
  const entry = rowOf(world, wanted);
  return entry?.state === "done" && entry.outputRef === null;
}

function rowOf(world: World, wanted: Wanted): JournalEntry | undefined {
  if (!wanted.isDurable) return undefined;
  return world.disk.row("journal", journalIdOf(wanted))?.body as unknown as JournalEntry | undefined;
}
