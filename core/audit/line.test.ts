import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_HEAD, link, RECORD_LABELS } from "../store/chain.ts";
import { parseStrictJson } from "../strict-json.ts";
import { misplacement, readLine, streamNamed, type Place } from "./line.ts";

const ZEROS = "0".repeat(64);
const FIRST: Place = { stream: "s", seq: 0, prev: ZEROS };

/** Appends the right hash to whatever stands before it. */
function close(hashed: string): string {
  return `${hashed},"hash":"${createHash("sha256").update("\0").update(hashed).digest("hex")}"}`;
}

const GOOD = `{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${ZEROS}"`;

/** What is wrong with a line as the first of stream s, undefined when nothing is. */
function problemOf(line: string): string | undefined {
  const read = readLine(line);
  return "problem" in read ? read.problem : misplacement(read, FIRST)?.problem;
}

describe("a line of the log", () => {
  it("is read when it is exactly as described", () => {
    const line = close(GOOD);
    expect(readLine(line)).toEqual({ ...FIRST, hash: line.slice(-66, -2) });
    expect(problemOf(line)).toBeUndefined();
  });

  const forged: Readonly<Record<string, string>> = {
    "an unknown version": `{"v":2,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"decided","prev":"${ZEROS}"`,
    "a duplicate member": `{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"a","type":"b","prev":"${ZEROS}"`,
    "a duplicate member as long as a number is short": `{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","b":"","b":"","a":1e9,"prev":"${ZEROS}"`,
    "a second prev": `{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","prev":"${ZEROS}","prev":"${ZEROS}"`,
    "members in another order": `{"v":1,"seq":0,"stream":"s","ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${ZEROS}"`,
    spaces: `{"v":1, "stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${ZEROS}"`,
    "an escaped stream": `{"v":1,"stream":"\\u0073","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${ZEROS}"`,
    "a seq that is a text": `{"v":1,"stream":"s","seq":"0","ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${ZEROS}"`,
    "a seq that is written -0": `{"v":1,"stream":"s","seq":-0,"ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${ZEROS}"`,
    "another seq": `{"v":1,"stream":"s","seq":1,"ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${ZEROS}"`,
    "no time": `{"v":1,"stream":"s","seq":0,"type":"a","prev":"${ZEROS}"`,
    "a time without milliseconds": `{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00Z","type":"a","prev":"${ZEROS}"`,
    "a time that does not exist": `{"v":1,"stream":"s","seq":0,"ts":"2026-13-01T00:00:00.000Z","type":"a","prev":"${ZEROS}"`,
    "no prev": `{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"a"`,
    "prev in upper case": `{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${"A".repeat(64)}"`,
    "another prev": `{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${"1".repeat(64)}"`,
    "a lone surrogate": `{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"\\ud800","prev":"${ZEROS}"`,
    "text before the object": ` {"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z","type":"a","prev":"${ZEROS}"`,
    "nothing but its end": `{"v":1,"prev":"${ZEROS}"`,
  };

  it.each(Object.entries(forged))("I10: is refused with %s, though its hash is right", (_name, hashed) => {
    expect(problemOf(close(hashed))).toEqual(expect.any(String));
  });

  it.each(["\r", "\n", " ", "\0", "}", "{}"])("is refused with %j after its end", (tail) => {
    expect(problemOf(close(GOOD) + tail)).toBe("the line does not end in its prev and hash");
  });

  it("is refused with a hash that is another's, in upper case, short or missing", () => {
    const line = close(GOOD);
    for (const hash of [ZEROS, line.slice(-66, -2).toUpperCase(), line.slice(-66, -3), ""]) {
      expect(problemOf(`${GOOD},"hash":"${hash}"}`)).toEqual(expect.any(String));
    }
    expect(problemOf(`${GOOD}}`)).toEqual(expect.any(String));
  });

  it("stands at one place only", () => {
    const read = readLine(close(GOOD));
    if ("problem" in read) throw new Error(read.problem);
    expect(misplacement(read, { ...FIRST, stream: "t" })?.problem).toMatch(/another stream/);
    expect(misplacement(read, { ...FIRST, seq: 1 })?.problem).toMatch(/says seq 0/);
    expect(misplacement(read, { ...FIRST, prev: "1".repeat(64) })?.problem).toMatch(/does not follow/);
  });

  it("names its stream even when it does not hold", () => {
    expect(streamNamed('{"stream":"writer-1"}')).toBe("writer-1");
    for (const line of ["", "{", "[]", '{"stream":1}', '{"stream":"a","stream":"b"}'])
      expect(streamNamed(line)).toBeUndefined();
  });

  it("I10: is taken exactly where the strict reader takes it, however it is written", () => {
    const name = fc.constantFrom("type", "detail", "v", "seq", "stream", "__proto__", "\\u0074ype", "1", "ü", "t\\n");
    const texts = ['"a"', '""', '"é"', '"💸"', '"\ud800"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0061"', '"\\\\ud"'];
    const numbers = ["0", "-0", "1", "1.0", "1e3", "1e21", "1e-400", "9007199254740993", "01"];
    const value = fc.constantFrom(...texts, ...numbers, "null", "true", "{}", "[1]", '{"a":1,"a":2}', '"', "");
    const space = fc.constantFrom("", "", "", " ", "\t");
    const members = fc.array(fc.tuple(space, name, space, space, value), { maxLength: 4 });
    const head = fc.constantFrom(
      '{"v":1,"stream":"s","seq":0,"ts":"2026-01-01T00:00:00.000Z"',
      '{"v":1,"stream":"s","seq":1,"ts":"2026-01-01T00:00:00.000Z"',
      '{"v":1,"stream":"s","seq":9007199254740992,"ts":"2026-01-01T00:00:00.000Z"',
      '{"v":1,"stream":"s","seq":1e3,"ts":"2026-01-01T00:00:00.000Z"',
      '{"v":1,"stream":"\\u0073","seq":0,"ts":"2026-01-01T00:00:00.000Z"',
    );
    fc.assert(
      fc.property(head, members, (start, list) => {
        const text = list.map(([a, key, b, c, member]) => `,${a}"${key}"${b}:${c}${member}`).join("");
        const line = close(`${start}${text},"prev":"${ZEROS}"`);
        expect("problem" in readLine(line), line).toBe(!isStrict(line));
      }),
      { numRuns: 3_000 },
    );
  });

  it("I10: is taken exactly where the strict reader takes it, when somebody changed a piece of one of ours and hashed it anew", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 6 });
    const payload = fc.record(
      {
        type: fc.constant("decided" as const),
        tenant: text,
        actor_type: fc.constant("agent" as const),
        actor_id: text,
        detail: fc.oneof(text, fc.constantFrom('"', "\\", "a\nb", "\u2028", "\0", "é")),
        rule: fc.oneof(text, fc.constant(null)),
        signature_valid: fc.boolean(),
      },
      { requiredKeys: ["type", "tenant", "actor_type", "actor_id"] },
    );
    const pieces = [
      "",
      '"',
      ",",
      ":",
      "\\",
      "\\n",
      "\\u0000",
      "\\x",
      "}",
      "1",
      "-",
      "é",
      "\ud800",
      "\n",
      " ",
      "[]",
      ',"rule":"a"',
      ',"kid":"a"',
    ];
    const edit = fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...pieces));
    fc.assert(
      fc.property(payload, edit, (record, [place, length, piece]) => {
        const ours = link("s", EMPTY_HEAD, 1_767_225_600_000, { payload: record, envelope: { kid: "k" } }).line;
        expect(readLine(ours)).not.toHaveProperty("problem");
        const hashed = ours.slice(0, -'"prev":"","hash":""}'.length - 2 * 64);
        const at = place % hashed.length;
        const line = close(`${hashed.slice(0, at)}${piece}${hashed.slice(at + length)}"prev":"${ZEROS}"`);
        expect("problem" in readLine(line), line).toBe(!isStrict(line));
      }),
      { numRuns: 3_000 },
    );
  });

  it("is read in one pass, whatever is wrong with it", () => {
    const members = RECORD_LABELS.map((label) => `${label}"${"a\\n".repeat(500)}"`).join("");
    const line = `${GOOD.slice(0, GOOD.indexOf(',"type"'))}${members}`;
    const started = performance.now();
    for (let count = 0; count < 20; count += 1) expect(readLine(line)).toHaveProperty("problem");
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

/** The format as it is described, with nothing but the strict reader. */
function isStrict(line: string): boolean {
  try {
    const { v, stream, seq, ts } = parseStrictJson(line) as Record<string, unknown>;
    const isTyped = v === 1 && typeof stream === "string" && typeof seq === "number" && typeof ts === "string";
    if (!isTyped || !/^\d{4}(?:-\d\d){2}T\d\d(?::\d\d){2}\.\d{3}Z$/.test(ts) || Number.isNaN(Date.parse(ts)))
      return false;
    return line.startsWith(`${JSON.stringify({ v, stream, seq, ts }).slice(0, -1)},`);
  } catch {
    return false;
  }
}
