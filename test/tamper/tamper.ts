import { verifyJsonl } from "@leashkit/core";
import { tampered } from "../../core/audit/signed-log.fixture.ts";
import { verifyLog } from "../../core/audit/verify-log.ts";
import type { Change } from "./changes.ts";
import type { KeptLog } from "./log.ts";

/** What went unseen of a change, in words; undefined when it was found and its line named, in the file and in the store. */
export async function missed(log: KeptLog, every: number, change: Change): Promise<string | undefined> {
  const { checkpoints, keys, store, stream } = log;
  // One byte shows by itself, and so does half a line.
  const isPlain = change.kind.startsWith("a byte ") || change.kind === "cut off in a line";
  const kept = isPlain ? undefined : { checkpoints, keys };
  const inFile = await verifyJsonl(change.bytes, kept);
  const problem = wrong(change, inFile, namedInFile(log, every, change));
  if (problem !== undefined || change.lines === null) return problem && `in the file, ${problem}`;
  const inStore = await verifyLog(tampered(store, { lines: { [stream]: change.lines } }), { keys: () => keys });
  const stored = wrong(change, inStore, namedInStore(log, every, change));
  return stored && `in the store, ${stored}`;
}

interface Report {
  readonly ok: boolean;
  readonly firstBad: { readonly seq: number; readonly problem: string } | null;
}

function wrong({ kind, line }: Change, { firstBad, ok }: Report, named: number): string | undefined {
  if (ok || firstBad === null) return `${kind} at line ${line} was not found`;
  if (firstBad.seq === named) return undefined;
  return `${kind} at line ${line} should be named at ${named}, not ${firstBad.seq}: ${firstBad.problem}`;
}

/** A forged line shows where the next one does not follow it, or where a checkpoint has another, whichever comes first. */
function namedInFile({ lines }: KeptLog, every: number, { isForged, kind, line }: Change): number {
  if (!isForged) return line;
  const covered = Math.min(Math.ceil((line + 1) / every) * every, lines.length) - 1;
  return kind === "a line forged" ? Math.min(line + 1, covered) : covered;
}

/** In the store, the first line is named that the checkpoint before does not cover. */
function namedInStore({ lines }: KeptLog, every: number, change: Change): number {
  const { isForged, kind, line } = change;
  if (!isForged) return line;
  const isLast = (line + 1) % every === 0 || line + 1 === lines.length;
  return kind === "a line forged" && !isLast ? line + 1 : Math.floor(line / every) * every;
}
