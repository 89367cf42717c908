import { createHash } from "node:crypto";
import { canonicalText } from "../../core/canonical.ts";
import { isLeashError } from "../../core/errors.ts";
import { parseStrictJson } from "../../core/strict-json.ts";
import { EDGES, THIRDS } from "./canonical-numbers.table.ts";
import { expectThat, readText, refuses, skip, type Outcome, type VectorSuite } from "./suite.ts";

const isRefusal = (error: unknown): boolean => isLeashError(error, "LEASH_INPUT_INVALID");
const TOO_LARGE = "an integer beyond 2^53-1: other languages read another number";

const FILES = ["arrays", "french", "structures", "unicode", "values", "weird"] as const;

/** https://github.com/cyberphone/json-canonicalization, testdata: what RFC 8785 must make of six files. */
export const canonicalFiles: VectorSuite = {
  name: "RFC 8785 files",
  passesAtLeast: 7,
  run: (folder) => FILES.flatMap((name) => checkFile(folder, name)),
};

function checkFile(folder: string, name: (typeof FILES)[number]): readonly Outcome[] {
  const input = readText(folder, "jcs-rfc8785", "input", `${name}.json`);
  const hex = readText(folder, "jcs-rfc8785", "outhex", `${name}.txt`);
  const output = Buffer.from(hex.replaceAll(/\s/g, ""), "hex").toString();
  if (name !== "values") return [expectThat(name, () => canonicalText(parseStrictJson(input)) === output)];
  // The one file with a number that our rules refuse; the rest of it must come out as published.
  return [
    expectThat("values is refused", () => refuses(() => parseStrictJson(input), isRefusal)),
    skip("values", "by design", TOO_LARGE),
    expectThat("values with 1E-30 in the place of 1E30", () => {
      const text = canonicalText(parseStrictJson(input.replace("1E30", "1E-30")));
      return text === output.replace("1e+30", "1e-30");
    }),
  ];
}

interface NumberVectors {
  readonly samples: readonly { readonly hex: string; readonly expected: string }[];
  /** SHA-256 of the first so many lines of the published file of numbers. */
  readonly table: readonly { readonly sha256: string; readonly lines: number }[];
}

/** The file has 10^8 lines; this many are enough to meet every branch of writing a number some thousands of times. */
const MOST_LINES = 100_000;

/** How ECMAScript, and so RFC 8785, writes an IEEE 754 double: the published samples, and a file known by its digests. */
export const canonicalNumbers: VectorSuite = {
  name: "RFC 8785 numbers",
  passesAtLeast: 7,
  run(folder) {
    const { samples, table }: NumberVectors = JSON.parse(readText(folder, "jcs-rfc8785", "es6numbers.json"));
    const lengths = table.filter(({ lines }) => lines <= MOST_LINES);
    return [...samples.map(checkSample), ...checkFileOfNumbers(lengths)];
  },
};

function checkSample({ hex, expected }: NumberVectors["samples"][number]): Outcome {
  const value = Buffer.from(hex.padStart(16, "0"), "hex").readDoubleBE();
  if (isRefused(value)) return skip(hex, "by design", TOO_LARGE);
  return expectThat(hex, () => canonicalText(value) === expected);
}

/** The numbers that our rules refuse, and must. */
function isRefused(value: number): boolean {
  const isUnsafe = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isUnsafe && refuses(() => canonicalText(value), isRefusal);
}

/** Writes the file anew, up to each length with a published digest. */
function checkFileOfNumbers(lengths: NumberVectors["table"]): readonly Outcome[] {
  const digest = createHash("sha256");
  const outcomes: Outcome[] = [];
  const bits = Buffer.alloc(8);
  let lines = 0;
  let refused = 0;
  for (const value of publishedNumbers(Math.max(...lengths.map((entry) => entry.lines)))) {
    bits.writeDoubleBE(value);
    const isTooLarge = isRefused(value);
    if (isTooLarge) refused += 1;
    // What we refuse stands in the file all the same; the platform writes it.
    digest.update(`${bits.readBigUInt64BE().toString(16)},${isTooLarge ? String(value) : canonicalText(value)}\n`);
    lines += 1;
    const published = lengths.find((entry) => entry.lines === lines);
    if (published === undefined) continue;
    const name = `${lines.toLocaleString("en-US")} lines`;
    outcomes.push(expectThat(name, () => digest.copy().digest("hex") === published.sha256));
  }
  const share = `${refused.toLocaleString("en-US")} of ${lines.toLocaleString("en-US")} lines`;
  outcomes.push(skip(share, "by design", `${share} hold ${TOO_LARGE}`));
  return outcomes;
}

/** Doubles that the sequence counts through, from the smallest normal one on. */
const COUNTED = 2_000;
const SMALLEST_NORMAL = 0x0010_0000_0000_0000n;

/** The published sequence: edge cases, neighbours, and then whatever bits a chain of SHA-256 gives. */
function* publishedNumbers(count: number): Generator<number> {
  const start = [0, -0, Number.MIN_VALUE, -Number.MIN_VALUE, ...THIRDS.map((value) => -value), ...THIRDS, ...EDGES];
  yield* start;
  const bits = Buffer.alloc(8);
  for (let at = 0; at < COUNTED; at += 1) {
    bits.writeBigUInt64BE(SMALLEST_NORMAL + BigInt(at));
    yield bits.readDoubleBE();
  }
  let left = count - start.length - COUNTED;
  for (let block = createHash("sha256").update(Buffer.alloc(32)).digest(); left > 0;) {
    for (let at = 0; at < block.length && left > 0; at += 8) {
      const value = block.readDoubleLE(at);
      if (value === 0 || !Number.isFinite(value)) continue;
      yield value;
      left -= 1;
    }
    block = createHash("sha256").update(block).digest();
  }
}
