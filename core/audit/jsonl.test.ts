import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LogSource, readJsonl } from "./jsonl.ts";

async function linesOf(source: LogSource): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for await (const lines of readJsonl(source)) found.push(...lines);
  return found;
}

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  // The same memory for every chunk, as a reader of files may do it.
  const memory = Buffer.alloc(Math.max(1, ...sizes));
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = Math.min(sizes[turn % sizes.length] ?? 1, bytes.length - at);
    memory.set(bytes.subarray(at, at + size));
    yield memory.subarray(0, size);
    memory.fill(0x78);
    at += size;
  }
}

describe("reading a log line by line", () => {
  it("gives the same lines of bytes, of text and of chunks, wherever those are cut", async () => {
    const text = fc.array(fc.string({ unit: fc.constantFrom("a", '"', "é", "💸", " ") }), { maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(text, sizes, async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        expect(await linesOf(bytes)).toEqual(lines);
        expect(await linesOf(bytes.toString())).toEqual(lines);
        expect(await linesOf(chunksOf(bytes, cuts))).toEqual(lines);
        expect(await linesOf(lines.map((line) => `${line}\n`))).toEqual(lines);
      }),
    );
  });

  it("reads a last line without its line feed, and empty lines where they stand", async () => {
    expect(await linesOf("a\n\nb")).toEqual(["a", "", "b"]);
    expect(await linesOf("\n")).toEqual([""]);
    expect(await linesOf("")).toEqual([]);
  });

  it("marks exactly the lines that are not UTF-8, also where a chunk ends inside a character", async () => {
    const bytes = Buffer.concat([Buffer.from("good\n"), Buffer.of(0xff, 0x0a), Buffer.from("é\n"), Buffer.of(0xc3)]);
    const expected = ["good", undefined, "é", undefined];
    for (const source of [bytes, chunksOf(bytes, [1]), chunksOf(bytes, [9, 1])])
      expect(await linesOf(source)).toEqual(expected);
  });

  it("reads a file that is larger than one chunk as it reads it whole", async () => {
    const folder = mkdtempSync(join(tmpdir(), "leashkit-jsonl-"));
    try {
      const lines = Array.from({ length: 4_000 }, (_, at) => `${at} ${"é".repeat(at % 90)}`);
      writeFileSync(join(folder, "log"), `${lines.join("\n")}\n`);
      expect(await linesOf(createReadStream(join(folder, "log")))).toEqual(lines);
      expect(await linesOf(Buffer.from(lines.join("\n")))).toEqual(lines);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
