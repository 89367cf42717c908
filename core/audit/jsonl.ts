import { isUtf8 } from "node:buffer";

/**
 * What an exported log can be read from: its bytes or its text, whole; the chunks of a file that is read bit by bit; or its lines,
 * each with or without its line feed. Bytes are best: a text was decoded by somebody else, who may have replaced what was not
 * UTF-8.
 */
export type LogSource = string | Uint8Array | Iterable<string> | AsyncIterable<string | Uint8Array>;

/** Lines without their line feed; undefined stands for one that is not UTF-8. */
export type Lines = readonly (string | undefined)[];

const LINE_FEED = 0x0a;
/** What is decoded in one go. */
const CHUNK_BYTES = 65_536;

/** The lines of a log, many at a time: waiting for each of a million would cost more than checking it. */
export async function* readJsonl(source: LogSource): AsyncGenerator<Lines> {
  if (typeof source === "string") yield* readChunks(slices(Buffer.from(source)));
  else if (source instanceof Uint8Array) yield* readChunks(slices(source));
  else yield* readChunks(source);
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

async function* readChunks(
  source: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): AsyncGenerator<Lines> {
  let started: Uint8Array[] = [];
  for await (const chunk of source) {
    if (typeof chunk === "string") {
      yield [chunk.endsWith("\n") ? chunk.slice(0, -1) : chunk];
      continue;
    }
    const end = chunk.lastIndexOf(LINE_FEED);
    if (end === -1) {
      // Copied (which `slice` does not do with a Buffer): whoever reads a file may use the same memory for the next chunk.
      started.push(new Uint8Array(chunk));
      continue;
    }
    yield splitLines(Buffer.concat([...started, chunk.subarray(0, end)]));
    started = [new Uint8Array(chunk.subarray(end + 1))];
  }
  const rest = Buffer.concat(started);
  if (rest.length > 0) yield splitLines(rest);
}

function splitLines(bytes: Buffer): Lines {
  // No byte of a longer character is a line feed, so lines of UTF-8 are UTF-8.
  if (isUtf8(bytes)) return bytes.toString().split("\n");
  const lines: (string | undefined)[] = [];
  for (let start = 0; start <= bytes.length;) {
    const found = bytes.indexOf(LINE_FEED, start);
    const line = bytes.subarray(start, found === -1 ? bytes.length : found);
    lines.push(isUtf8(line) ? line.toString() : undefined);
    start += line.length + 1;
  }
  return lines;
}
