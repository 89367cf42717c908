import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isLeashError, LeashError } from "../errors.ts";
import type { LogReport } from "../model/log.ts";
import { EMPTY_HEAD, link } from "../store/chain.ts";
import { memoryStore } from "../store/memory.ts";
import type { LogLine, Store } from "../store/store.ts";
import { exportLog } from "./export.ts";
import { verifyLog as verifyStored } from "./verify-log.ts";
import { verifyJsonl, verifyLines } from "./verify.ts";

const ZEROS = "0".repeat(64);

/** A line written by hand from the description of the format, so that writer and checker are not tested by each other alone. */
function writeLine(
  stream: string,
  seq: number,
  prev: string,
  record = `"type":"decided","tenant":"acme","detail":"n° ${seq} 💸"`,
): string {
  const ts = new Date(Date.UTC(2026, 0, 1) + seq).toISOString();
  const hashed = `{"v":1,"stream":${JSON.stringify(stream)},"seq":${seq},"ts":"${ts}",${record},"prev":"${prev}"`;
  return close(hashed);
}

/** Appends the right hash to whatever stands before it. */
function close(hashed: string): string {
  return `${hashed},"hash":"${createHash("sha256").update("\0").update(hashed).digest("hex")}"}`;
}

const hashOf = (line: string): string => line.slice(-66, -2);

function writeLog(stream: string, count: number): string[] {
  const lines: string[] = [];
  for (let seq = 0; seq < count; seq += 1) lines.push(writeLine(stream, seq, hashOf(lines.at(-1) ?? `${ZEROS}"}`)));
  return lines;
}

const rowsOf = (stream: string, lines: readonly string[]): LogLine[] =>
  lines.map((line, seq) => ({ stream, seq, line }));
const log = writeLog("writer-1", 10);
const file = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");
const at = <T>(list: readonly T[], index: number): T => {
  const value = list[index];
  if (value === undefined) throw new Error(`There is no element ${index}.`);
  return value;
};

const UNSIGNED = { checkpoints: 0, covered: 0, badCheckpoint: null };

/** No checkpoint was taken in these tests, so no key is asked for. */
const verifyLog = (store: Store) => verifyStored(store, { keys: () => [] });

/** A store that holds exactly these lines, however wrong. */
function storeOf(streams: Readonly<Record<string, readonly LogLine[]>>): Store {
  return {
    ...memoryStore(),
    streams: () => Promise.resolve(Object.keys(streams)),
    lines: (stream, from, limit = 100) =>
      Promise.resolve((streams[stream] ?? []).filter((row) => row.seq >= from).slice(0, limit)),
  };
}

describe("verifying a log", () => {
  it("accepts one that was written as described, as rows, as a store, as text, as bytes and as lines", async () => {
    const report: LogReport = { ok: true, streams: 1, records: 10, firstBad: null };
    const stream = await verifyLines("writer-1", rowsOf("writer-1", log));
    expect(stream).toEqual({ records: 10, head: { seq: 10, hash: hashOf(at(log, 9)) }, firstBad: null });
    expect(await verifyLog(storeOf({ "writer-1": rowsOf("writer-1", log) }))).toEqual({ ...report, ...UNSIGNED });
    expect(await verifyJsonl(file(log))).toEqual(report);
    expect(await verifyJsonl(file(log).slice(0, -1))).toEqual(report);
    expect(await verifyJsonl(Buffer.from(file(log)))).toEqual(report);
    expect(await verifyJsonl(log)).toEqual(report);
    expect(await verifyJsonl(log.map((line) => `${line}\n`))).toEqual(report);
    expect(await verifyJsonl(exportLog(storeOf({ "writer-1": rowsOf("writer-1", log) })))).toEqual(report);
  });

  it("accepts what the store's own writer links", async () => {
    let head = EMPTY_HEAD;
    const lines: string[] = [];
    for (let seq = 0; seq < 5; seq += 1) {
      const payload = { type: "decided", tenant: 'te"nant\u2028', actor_type: "agent", actor_id: `a${seq}` } as const;
      const linked = link("süß", head, Date.UTC(2026, 0, 1), { payload, envelope: { adapter: "hello" } });
      lines.push(linked.line);
      head = linked.head;
    }
    expect(await verifyLines("süß", rowsOf("süß", lines))).toEqual({ records: 5, head, firstBad: null });
    expect(await verifyJsonl(file(lines))).toMatchObject({ ok: true, records: 5 });
  });

  it("accepts an empty log", async () => {
    expect(await verifyLines("s", [])).toEqual({ records: 0, head: { seq: 0, hash: ZEROS }, firstBad: null });
    expect(await verifyLog(memoryStore())).toEqual({ ok: true, streams: 0, records: 0, firstBad: null, ...UNSIGNED });
    expect(await verifyJsonl("")).toEqual({ ok: true, streams: 0, records: 0, firstBad: null });
  });

  it("I10: finds every changed byte of a file and names its line", { timeout: 120_000 }, async () => {
    const bytes = Buffer.from(file(log));
    let line = 0;
    for (let position = 0; position < bytes.length; position += 1) {
      const original = bytes.readUInt8(position);
      for (const value of new Set([original ^ 1, original ^ 0x80, 0x0a, 0x20, 0x30, 0xff])) {
        if (value === original) continue;
        bytes.writeUInt8(value, position);
        const { ok, records, firstBad } = await verifyJsonl(bytes);
        expect({ ok, records, seq: firstBad?.seq }, `byte ${position} = ${value}`).toEqual({
          ok: false,
          records: line,
          seq: line,
        });
        expect(firstBad?.problem).toMatch(new RegExp(`^line ${line + 1} of the file: `));
        if (line > 0) expect(firstBad?.stream).toBe("writer-1");
      }
      bytes.writeUInt8(original, position);
      if (original === 0x0a) line += 1;
    }
    expect(line).toBe(10);
    expect((await verifyJsonl(bytes)).ok).toBe(true);
  });

  it("I10: finds every deleted, inserted and doubled byte and names its line", { timeout: 120_000 }, async () => {
    const text = file(log);
    let line = 0;
    // The last line feed may be missing: the line before it is whole.
    for (let position = 0; position < text.length - 1; position += 1) {
      const [before, after] = [text.slice(0, position), text.slice(position)];
      for (const changed of [before + after.slice(1), `${before} ${after}`, `${before}${after.charAt(0)}${after}`]) {
        const { ok, firstBad } = await verifyJsonl(changed);
        const isWholeLineEnd = changed === before + after.charAt(0) + after && after.startsWith("\n");
        expect({ ok, seq: firstBad?.seq }, `character ${position}`).toEqual({
          ok: false,
          seq: isWholeLineEnd ? line + 1 : line,
        });
      }
      if (text[position] === "\n") line += 1;
    }
  });

  const edits: Readonly<Record<string, (lines: string[], k: number) => void>> = {
    "a deleted line": (lines, k) => void lines.splice(k, 1),
    "two swapped lines": (lines, k) => void lines.splice(k, 2, at(lines, k + 1), at(lines, k)),
    "a replaced line with its own right hash": (lines, k) =>
      void lines.splice(k, 1, writeLine("writer-1", k + 1, hashOf(at(lines, k)))),
    "an inserted line with its own right hash": (lines, k) =>
      void lines.splice(k, 0, writeLine("writer-1", k, ZEROS.replace("0", "1"))),
    "a line of another log": (lines, k) => void lines.splice(k, 1, at(writeLog("writer-2", 10), k)),
    "an empty line": (lines, k) => void lines.splice(k, 0, ""),
  };

  it.each(Object.entries(edits))(
    "I10: finds %s anywhere and names the position at which it shows",
    async (_name, edit) => {
      for (let k = 0; k < 9; k += 1) {
        const lines = [...log];
        edit(lines, k);
        const renumbered = await verifyLines("writer-1", rowsOf("writer-1", lines));
        expect(renumbered, `k ${k}`).toMatchObject({ records: k, firstBad: { stream: "writer-1", seq: k } });
        expect(await verifyLog(storeOf({ "writer-1": rowsOf("writer-1", lines) }))).toMatchObject({
          ok: false,
          firstBad: { seq: k },
        });
      }
    },
  );

  it("I10: finds a repeated line and names the position after it", async () => {
    for (let k = 0; k < 10; k += 1) {
      const lines = log.toSpliced(k, 0, at(log, k));
      const expected = { stream: "writer-1", seq: k + 1 };
      expect(await verifyLines("writer-1", rowsOf("writer-1", lines))).toMatchObject({ firstBad: expected });
      expect(await verifyJsonl(file(lines))).toMatchObject({ ok: false, records: k + 1, firstBad: expected });
    }
  });

  it("I10: finds deleted, swapped and replaced lines in a file", async () => {
    for (let k = 0; k < 9; k += 1) {
      const swapped = log.toSpliced(k, 2, at(log, k + 1), at(log, k));
      const forged = log.toSpliced(
        k,
        1,
        writeLine("writer-1", k, hashOf(at(log, Math.max(0, k - 1))), '"type":"forged"'),
      );
      expect(await verifyJsonl(file(log.toSpliced(k, 1)))).toMatchObject({
        ok: false,
        firstBad: { stream: "writer-1", seq: k },
      });
      expect(await verifyJsonl(file(swapped))).toMatchObject({ ok: false, firstBad: { stream: "writer-1", seq: k } });
      // A line that was replaced together with its hash shows at the next one, which still names the old hash.
      const shows = k === 0 ? 0 : k + 1;
      expect(await verifyJsonl(file(forged))).toMatchObject({
        ok: false,
        firstBad: { stream: "writer-1", seq: shows },
      });
    }
  });

  it("I10: finds rows that are stored under another number or stream than they say", async () => {
    const rows = rowsOf("writer-1", log);
    const missing = rows.filter(({ seq }) => seq !== 4);
    expect(await verifyLog(storeOf({ "writer-1": missing }))).toMatchObject({
      ok: false,
      records: 4,
      firstBad: { seq: 4 },
    });
    expect(await verifyLines("writer-2", rows)).toMatchObject({ records: 0, firstBad: { stream: "writer-2", seq: 0 } });
    const renamed = rows.map((row) => ({ ...row, stream: "writer-2" }));
    expect(await verifyLines("writer-1", renamed)).toMatchObject({ records: 0, firstBad: { seq: 0 } });
    expect(await verifyLines("writer-2", renamed)).toMatchObject({ records: 0, firstBad: { seq: 0 } });
    const shifted = rows.map((row) => ({ ...row, seq: row.seq + 1 }));
    expect(await verifyLog(storeOf({ "writer-1": shifted }))).toMatchObject({ ok: false, firstBad: { seq: 0 } });
  });

  it("I10: finds a byte that a lenient decoder would hide behind a replacement character", async () => {
    const honest = Buffer.from(file([writeLine("s", 0, ZEROS, '"type":"a","detail":"\ufffd"')]));
    expect(await verifyJsonl(honest)).toMatchObject({ ok: true, records: 1 });
    const changed = Buffer.from(honest);
    changed.writeUInt8(0xf0, changed.indexOf(0xef));
    expect(changed.toString()).toBe(honest.toString());
    const problem = "line 1 of the file: the line is not UTF-8";
    expect(await verifyJsonl(changed)).toMatchObject({ ok: false, records: 0, firstBad: { problem } });
  });

  it("does not see lines cut off the end; the head it reports shows them to whoever kept the last one", async () => {
    const cut = await verifyLines("writer-1", rowsOf("writer-1", log.slice(0, 7)));
    expect(cut).toEqual({ records: 7, head: { seq: 7, hash: hashOf(at(log, 6)) }, firstBad: null });
    expect(await verifyJsonl(file(log).slice(0, file(log.slice(0, 8)).length - 5))).toMatchObject({
      firstBad: { seq: 7 },
    });
  });

  it("names the first bad line of the first bad stream, and counts what holds elsewhere", async () => {
    const store = storeOf({
      a: rowsOf("a", writeLog("a", 3)),
      b: rowsOf("b", writeLog("b", 5).toSpliced(2, 1)),
      c: rowsOf("c", writeLog("c", 5).toSpliced(0, 1)),
    });
    const report = await verifyLog(store);
    expect(report).toMatchObject({ ok: false, streams: 3, records: 5, firstBad: { stream: "b", seq: 2 } });
  });

  it("verifies streams that follow one another or interleave in a file", async () => {
    const [a, b] = [writeLog("a", 4), writeLog("b", 4)];
    const interleaved = a.flatMap((line, k) => [line, at(b, k)]);
    for (const lines of [[...a, ...b], interleaved]) {
      expect(await verifyJsonl(file(lines))).toEqual({ ok: true, streams: 2, records: 8, firstBad: null });
    }
    expect(await verifyJsonl(file(interleaved.toSpliced(5, 1)))).toMatchObject({
      ok: false,
      firstBad: { stream: "b", seq: 2 },
    });
    const renamed = at(interleaved, 5).replace('"stream":"b"', '"stream":"x"');
    expect(await verifyJsonl(file(interleaved.toSpliced(5, 1, renamed)))).toMatchObject({
      ok: false,
      firstBad: { stream: "a", seq: 3, problem: expect.stringMatching(/^line 6 of the file: the line was changed/) },
    });
  });

  it("says nothing of the log when the store cannot be read", async () => {
    const down = () => Promise.reject(new LeashError("LEASH_STORE_UNAVAILABLE", "down"));
    const store: Store = { ...storeOf({ a: rowsOf("a", log) }), lines: down };
    const unavailable = expect.toSatisfy((error) => isLeashError(error, "LEASH_STORE_UNAVAILABLE"));
    await expect(verifyLog(store)).rejects.toEqual(unavailable);
  });
});
