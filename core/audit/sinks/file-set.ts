import { createReadStream, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { readJsonl } from "../jsonl.ts";

/** How many digits a position has in a name: names in the order of their letters are in the order of the lines. */
const DIGITS = 12;

/** A file that was finished, and the positions of its first and last line among all that were ever written, from 0. */
export interface Finished {
  readonly path: string;
  readonly first: number;
  readonly last: number;
}

/** What is known of the lines in finished files, also of files that were moved away. */
export interface Summary {
  readonly v: 1;
  /** Position of the first line behind them. */
  readonly position: number;
  /** The seq that comes next, by stream. */
  readonly streams: Readonly<Record<string, number>>;
}

export function finishedName(file: string, first: number, last: number): string {
  const [digitsOfFirst, digitsOfLast] = [first, last].map((position) => String(position).padStart(DIGITS, "0"));
  return join(dirname(file), `${stem(file)}.${digitsOfFirst}-${digitsOfLast}${extname(file)}`);
}

/** Finished files beside the one that is written, in order. */
export function listFinished(file: string): readonly Finished[] {
  const [start, end] = [`${stem(file)}.`, extname(file)];
  const found: Finished[] = [];
  for (const name of readdirSync(dirname(file)).sort()) {
    if (!name.startsWith(start) || !name.endsWith(end)) continue;
    const positions = /^(\d{12})-(\d{12})$/u.exec(name.slice(start.length, name.length - end.length));
    if (positions === null) continue;
    found.push({ path: join(dirname(file), name), first: Number(positions[1]), last: Number(positions[2]) });
  }
  return found;
}

function stem(file: string): string {
  return basename(file, extname(file));
}

const summaryPath = (file: string): string => `${file}.summary`;

/** Undefined where there is none, or none that can be read: then the files themselves are. */
export function readSummary(file: string): Summary | undefined {
  try {
    const summary = JSON.parse(readFileSync(summaryPath(file), "utf8")) as Partial<Summary>;
    const { position, streams, v } = summary;
    return v === 1 && Number.isSafeInteger(position) && typeof streams === "object" ? (summary as Summary) : undefined;
  } catch {
    return undefined;
  }
}

export function writeSummary(file: string, summary: Summary): void {
  const fresh = `${summaryPath(file)}.new`;
  try {
    writeFileSync(fresh, JSON.stringify(summary), { mode: 0o600, flush: true });
    renameSync(fresh, summaryPath(file));
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** What of a line says where it belongs. */
export interface Label {
  readonly stream: string;
  readonly seq: number;
  /** The day of its date, `2026-11-26`. */
  readonly day: string;
}

const START = /^\{"v":1,"stream":("(?:[^"\\]|\\.)*"),"seq":(\d+),"ts":"(\d{4}-\d\d-\d\d)T/u;

/** Undefined for what is no line of a log. */
export function labelOf(line: string): Label | undefined {
  const [, stream, seq, day] = START.exec(line) ?? [];
  if (stream === undefined || seq === undefined || day === undefined) return undefined;
  return { stream: JSON.parse(stream) as string, seq: Number(seq), day };
}

/** The labels of the whole lines in a file's bytes. */
export async function* labelsIn(path: string, from: number, to: number): AsyncGenerator<Label | undefined> {
  if (to <= from) return;
  for await (const lines of readJsonl(createReadStream(path, { start: from, end: to - 1 }))) {
    for (const line of lines) yield line === undefined ? undefined : labelOf(line);
  }
}
