import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { literalWord } from "./line.ts";
import { METADATA_NAMES, SECRET_ENDS, SECRET_FILES, SECRET_NAMES, SECRET_PATHS } from "./places.table.ts";
import { machineReader, touchesProtected, type WordRole } from "./places.ts";
import { isQuiet, leashNames } from "./quiet.ts";
import { UNKNOWN_FOLDER } from "./steps.ts";

const ANSWER = { folders: ["/home/alice/.local/state/leashkit"], ports: [8787], home: "/home/alice" };
const machine = machineReader()({ "self:places": ANSWER });
const names = machine?.names;

function quiet(word: string): boolean {
  return names !== undefined && isQuiet(word, names);
}

/** What the full look finds, in any role. */
function touches(word: string): boolean {
  if (machine === undefined) return true;
  const folders = [UNKNOWN_FOLDER];
  return (["path", "text", "filter"] satisfies WordRole[]).some((role) =>
    [true, false].some((descends) =>
      touchesProtected(literalWord(word), { machine: { ...machine, names: undefined }, folders, role, descends }),
    ),
  );
}

/** A name in every place of a word. */
function around(name: string): readonly string[] {
  return ["", "-f", "--file=", "a/", "HEAD:", "x=y,", "./", "-x=y_"].flatMap((before) => [
    `${before}${name}`,
    `${before}${name}/x`,
    `${before}${name}=x`,
    `${before}${name.toUpperCase()}`,
  ]);
}

const PATHS = SECRET_PATHS.map((path) => path.replaceAll("*", "x").replace(/^\//, ""));

describe("isQuiet", () => {
  it.each([
    "",
    ".",
    "ls",
    "-n",
    "--oneline",
    "src/index.ts",
    "a-b_c.d",
    "HEAD:src/a.ts",
    "--depth=3",
    "x@y",
    "run",
    "etc",
  ])("is true for %j", (word) => {
    expect(quiet(word)).toBe(true);
  });

  it.each([
    "/x",
    "~",
    "a=/x",
    "..",
    "a/../b",
    "-Ia/b",
    "-ofile.txt",
    "*",
    "$x",
    "a b",
    "%41",
    "\u00e9",
    "\u212a",
    "a\0b",
  ])("is false for %j, which it does not read", (word) => {
    expect(quiet(word)).toBe(false);
  });

  it("is false for whatever the tables protect, wherever it stands in a word", () => {
    for (const name of [
      ...SECRET_NAMES,
      ...SECRET_FILES,
      ...PATHS,
      ".env.local",
      "x.pem",
      "leashkit",
      "state/leashkit",
    ]) {
      for (const word of around(name)) expect(quiet(word) && touches(word), word).toBe(false);
      expect(quiet(name), name).toBe(false);
    }
  });

  it("is false for hints of addresses", () => {
    const addresses = ["1.2", "0x7f", "12345678", "a:1", "::", "a:b:c", "LocalHost", "x.metadata", ...METADATA_NAMES];
    for (const word of addresses) expect(quiet(word), word).toBe(false);
  });

  it("is never true where the full look finds something", () => {
    const pieces = [
      ...SECRET_NAMES,
      ...SECRET_FILES,
      ...SECRET_ENDS,
      ...PATHS,
      "leashkit",
      "state",
      "x",
      "run",
      "proc",
    ];
    const piece = fc.constantFrom(...pieces, ..."/.=:@,+-_aA1".split(""), "..", "./", "--", "-f");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (parts) => {
        const word = parts.join("");
        return !quiet(word) || !touches(word);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("the tables that it relies on", () => {
  it("hold no name with what stands between paths", () => {
    for (const name of [...SECRET_NAMES, ...SECRET_FILES, ...SECRET_ENDS, ...SECRET_PATHS]) {
      expect(name).not.toMatch(/[=:@,+]/);
      expect(name, "is folded").toBe(name.toLowerCase());
    }
  });
});

describe("leashNames", () => {
  it("knows no names where the leash has the root, or a name that a word could hold in pieces", () => {
    expect(leashNames([["state", "leashkit"], ["x"]])?.all).toEqual(new Set(["state", "leashkit", "x"]));
    expect(leashNames([["state"], []])).toBeUndefined();
    expect(leashNames([["a:b", "leashkit"]])).toBeUndefined();
    expect(leashNames([["\u00e9"]])).toBeUndefined();
  });
});
