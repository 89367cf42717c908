import { canonicalText } from "../../core/canonical.ts";
import { isLeashError } from "../../core/errors.ts";
import { parseStrictJson } from "../../core/strict-json.ts";
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
}

/** The published samples of how ECMAScript, and so RFC 8785, writes an IEEE 754 double. */
export const canonicalNumbers: VectorSuite = {
  name: "RFC 8785 numbers",
  passesAtLeast: 4,
  run(folder) {
    const { samples }: NumberVectors = JSON.parse(readText(folder, "jcs-rfc8785", "es6numbers.json"));
    return samples.map(({ hex, expected }) => {
      const value = Buffer.from(hex.padStart(16, "0"), "hex").readDoubleBE();
      const isUnsafe = Number.isInteger(value) && !Number.isSafeInteger(value);
      if (isUnsafe && refuses(() => canonicalText(value), isRefusal)) return skip(hex, "by design", TOO_LARGE);
      return expectThat(hex, () => canonicalText(value) === expected);
    });
  },
};
