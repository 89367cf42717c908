import type { SeededRandom } from "@leashkit/core/testing";
import { EMPTY_HEAD, linkText } from "../../core/store/chain.ts";

/** What somebody did to a log, and what a reader must say. */
export interface Change {
  readonly kind: string;
  /** The file as it is then. */
  readonly bytes: Buffer;
  /** The lines as a store would hold them, where the change is one of whole lines. */
  readonly lines: readonly string[] | null;
  /** The first line that is not as it was: the one to be named, or the last of the few of which one was. */
  readonly line: number;
  /** True where hashes were computed anew: only a checkpoint, or the next line, can tell. */
  readonly isForged: boolean;
}

/** A log as it was, and where its lines end. */
export interface Original {
  readonly stream: string;
  readonly lines: readonly string[];
  readonly bytes: Buffer;
  /** Offset of each line's line feed. */
  readonly ends: readonly number[];
}

export function originalOf(stream: string, lines: readonly string[]): Original {
  const bytes = bytesOf(lines);
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) ends.push(at);
  return { stream, lines, bytes, ends };
}

const bytesOf = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(""));

/** The line that a byte of the file belongs to. */
export function lineAt({ ends }: Original, position: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Another value for one byte. */
export function changeByte(original: Original, position: number, value: number): Change {
  const bytes = Buffer.from(original.bytes);
  bytes.writeUInt8(value, position);
  return { kind: "a byte changed", bytes, lines: null, line: lineAt(original, position), isForged: false };
}

export function removeByte(original: Original, position: number): Change {
  const bytes = Buffer.concat([original.bytes.subarray(0, position), original.bytes.subarray(position + 1)]);
  return { kind: "a byte removed", bytes, lines: null, line: lineAt(original, position), isForged: false };
}

export function insertByte(original: Original, position: number, value: number): Change {
  const bytes = Buffer.concat([
    original.bytes.subarray(0, position),
    Buffer.of(value),
    original.bytes.subarray(position),
  ]);
  return { kind: "a byte inserted", bytes, lines: null, line: lineAt(original, position), isForged: false };
}

/** The file ends early; where it ends with a whole line, the next one is missing. */
export function cutAt(original: Original, length: number): Change {
  const bytes = original.bytes.subarray(0, length);
  const line = original.ends.filter((end) => end <= length).length;
  const isInLine = length > 0 && !original.ends.some((end) => length === end || length === end + 1);
  const kind = isInLine ? "cut off in a line" : "cut off at the end of a line";
  return { kind, bytes, lines: null, line, isForged: false };
}

function ofLines(kind: string, lines: readonly string[], line: number, isForged = false): Change {
  return { kind, bytes: bytesOf(lines), lines, line, isForged };
}

export function removeLine({ lines }: Original, at: number): Change {
  return ofLines("a line removed", lines.toSpliced(at, 1), at);
}

export function cutLines({ lines }: Original, length: number): Change {
  return ofLines("cut off at a line", lines.slice(0, length), length);
}

export function swapLines({ lines }: Original, one: number, other: number): Change {
  const swapped = [...lines];
  [swapped[one], swapped[other]] = [lines[other] ?? "", lines[one] ?? ""];
  return ofLines("two lines swapped", swapped, Math.min(one, other));
}

export function repeatLine({ lines }: Original, at: number, before: number): Change {
  const line = at === before - 1 ? before : Math.min(at === before ? before + 1 : before, lines.length);
  return ofLines("a line repeated", lines.toSpliced(before, 0, lines[at] ?? ""), line);
}

/** Another record in a line, with a hash that fits it; the lines behind are as they were. */
export function forgeLine({ lines, stream }: Original, at: number): Change {
  return ofLines("a line forged", lines.toSpliced(at, 1, ...forged(stream, lines, at, at + 1)), at, true);
}

/** Other records from a line on, to the end, with all hashes computed anew. */
export function forgeRest({ lines, stream }: Original, at: number): Change {
  return ofLines("the rest forged", [...lines.slice(0, at), ...forged(stream, lines, at, lines.length)], at, true);
}

function forged(stream: string, lines: readonly string[], from: number, to: number): readonly string[] {
  let head = from === 0 ? EMPTY_HEAD : { seq: from, hash: lines[from - 1]?.slice(-66, -2) ?? "" };
  return lines.slice(from, to).map((line) => {
    const linked = linkText(stream, head, Date.UTC(2026, 0, 1), `,"type":"forged","detail":"${line.length}"`);
    head = linked.head;
    return linked.line;
  });
}

/** One of all these, drawn. */
export function drawChange(original: Original, random: SeededRandom): Change {
  const { bytes, lines } = original;
  const position = random.integer(bytes.length - 1);
  const at = random.integer(lines.length);
  const other = random.integer(lines.length);
  const kinds: readonly (() => Change)[] = [
    () => changeByte(original, position, (bytes.readUInt8(position) + 1 + random.integer(255)) % 256),
    () => changeByte(original, position, bytes.readUInt8(position) ^ (1 << random.integer(8))),
    () => removeByte(original, position),
    () => insertByte(original, position, (bytes.readUInt8(position) + 1 + random.integer(255)) % 256),
    () => cutAt(original, position),
    () => removeLine(original, at),
    () => cutLines(original, at),
    () => swapLines(original, at, other === at ? (at + 1) % lines.length : other),
    () => repeatLine(original, at, other),
    () => forgeLine(original, at),
    () => forgeRest(original, at),
  ];
  return random.pick(kinds)();
}
