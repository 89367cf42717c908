import { describe, expect, it } from "vitest";
import { commandsOf, type Word } from "./line.ts";
import { parseLine } from "./parse.ts";

function commands(text: string): readonly (readonly string[])[] | string {
  const line = parseLine(text);
  if ("problem" in line) return line.problem;
  return [...commandsOf(line)].map(({ words }) => words.map((word) => word.text));
}

function firstWord(text: string, place = 0): Word {
  const line = parseLine(text);
  if ("problem" in line) throw new Error(line.problem);
  const word = line.pipelines[0]?.[0]?.words[place];
  if (word === undefined) throw new Error("there is no word");
  return word;
}

describe("a command line", () => {
  it.each([
    ["ls -l a b", [["ls", "-l", "a", "b"]]],
    ["  ls\t-l  ", [["ls", "-l"]]],
    ["a | b | c", [["a"], ["b"], ["c"]]],
    ["a && b || c; d\ne", [["a"], ["b"], ["c"], ["d"], ["e"]]],
    ["a;\n\n  b\n", [["a"], ["b"]]],
    ["a |\n b &&\n c", [["a"], ["b"], ["c"]]],
    ["a # b; c\nd", [["a"], ["d"]]],
    ["# a\nb#c '#d'", [["b#c", "#d"]]],
    ["a \\\n  b", [["a", "b"]]],
    ["a > b 2>&1 < c d", [["a", "d"]]],
    ["> b a", [["a"]]],
    ["A=b C='d e' f G=h", [["f", "G=h"]]],
    ["a 2>b 2 >c '2'>d", [["a", "2", "2"]]],
    ["a {} b{c}d {", [["a", "{}", "b{c}d", "{"]]],
    ["a $(b $(c)) d", [["a", "$", "d"], ["b", "$"], ["c"]]],
    [
      'a "x $(b ")") y"',
      [
        ["a", "x $ y"],
        ["b", ")"],
      ],
    ],
    ["", []],
    [" \n# a\n", []],
  ])("%j is read", (text, expected) => {
    expect(commands(text)).toEqual(expected);
  });

  it.each([
    ["a'b'\"c\"d", "abcd"],
    ["'a\\b'", "a\\b"],
    ['"a\\b\\"\\\\\\$\\`"', 'a\\b"\\$`'],
    ["\\a\\ \\'", "a '"],
    ["''", ""],
    ["'a\nb'", "a\nb"],
    ["$'a\\x41\\101\\u00e9\\n'", "aAA\u00e9\n"],
    ["a$ b", "a$"],
    ['"a$"', "a$"],
    ["a~b", "a~b"],
    ["\u00e9", "\u00e9"],
  ])("the word %j is %j", (text, expected) => {
    expect(firstWord(text).text).toBe(expected);
  });

  it("tells which words are known", () => {
    const literal = { glob: false, substituted: false, unknown: false, splits: false };
    expect(firstWord("'$x*'")).toMatchObject(literal);
    expect(firstWord("~/a")).toMatchObject({ ...literal, text: "~/a" });
    expect(firstWord("a*b?c")).toMatchObject({ ...literal, glob: true, marks: new Set([1, 3]) });
    expect(firstWord("a[bc]")).toMatchObject({ ...literal, glob: true, marks: new Set([1, 4]) });
    expect(firstWord("a\\*'?'")).toMatchObject({ ...literal, marks: new Set() });
    expect(firstWord("a$x")).toMatchObject({ substituted: true, unknown: true, splits: true, marks: new Set([1]) });
    expect(firstWord('"a${x}"')).toMatchObject({ substituted: true, unknown: true, splits: false });
    expect(firstWord('"$@"')).toMatchObject({ unknown: true, splits: true });
    expect(firstWord('"$HOME/x"')).toMatchObject({ text: "~/x", substituted: true, unknown: false });
    expect(firstWord("$'a'")).toMatchObject({ text: "a", substituted: true, unknown: false });
    for (const text of ["{a,b}", "{1..3}", "~ada", "~+", "!x", '"!x"', "a{b,c}d"]) {
      expect(firstWord(text), text).toMatchObject({ unknown: true, splits: true });
    }
    for (const text of ["a=~ada", "a=~0", "a+=~1", "a=b:~ada", "a=~/b:~ada", "a='':~0"]) {
      expect(firstWord(`x ${text}`, 1), text).toMatchObject({ unknown: true, splits: true });
    }
    for (const text of ["a=~", "a=~/b", "a=b:~:~/c", "./a=~ada", "b:~ada", '"a"=~ada']) {
      expect(firstWord(`x ${text}`, 1), text).toMatchObject(literal);
    }
    expect(firstWord("x a[1]=~ada", 1).unknown).toBe(true);
    for (const text of ["{a}", "a!", '"a!"', "stash@{0}"]) expect(firstWord(text), text).toMatchObject(literal);
  });

  it("finds assignments only where their names are bare", () => {
    const assigned = (text: string): readonly string[] => {
      const line = parseLine(text);
      return "problem" in line ? [] : (line.pipelines[0]?.[0]?.assignments.map((word) => word.text) ?? []);
    };
    expect(assigned("A=b _c='d' e")).toEqual(["A=b", "_c=d"]);
    expect(assigned("A+=b c")).toEqual(["A+=b"]);
    for (const text of ["'A'=b c", "A\\=b c", "1A=b c", "a-b=c", "=b c", "a b=c"]) expect(assigned(text)).toEqual([]);
  });
});

describe("what is no command line", () => {
  it.each([
    "f() { a; }",
    "function f { a; }",
    "(a)",
    "a (b",
    "{ a; }",
    "if a; then b; fi",
    "while a; do b; done",
    "for x in a; do b; done",
    "case a in b) c;; esac",
    "[[ a ]]",
    "((a))",
    "a $((1))",
    "a $[1]",
    "a `b`",
    'a "`b`"',
    "a <(b)",
    "a >(b)",
    "a << b",
    "a <<< b",
    "a &",
    "a & b",
    "a |& b",
    "a ;; b",
    "coproc a",
    "! a",
    "a ${b:-c}",
    "a ${!b}",
    'a $"b"',
    "a 'b",
    'a "b',
    "a \\",
    "a $(b",
    "a )",
    "a |",
    "a &&",
    "a ||",
    "| a",
    "&& a",
    "; a",
    "a ; ; b",
    "a >",
    "a > | b",
    "a\\\nb",
    '"a\\\nb"',
    "$\\\nx",
    "a $'\\''",
    "a $'\\0'",
    "a $'\\q'",
    "a \r b",
    "a \u0000 b",
    "a \u001b b",
    "a \u007f b",
    "a \u0085 b",
    "a\u00a0b",
    "a\u2003b",
    "a\u3000b",
    "a\u200bb",
    "a\u202eb",
    "a\ufeffb",
    "a\ue000b",
    "a\ud800b",
  ])("%j is refused", (text) => {
    expect(commands(text)).toBeTypeOf("string");
  });

  it("is what is over the bounds", () => {
    const word = "a ";
    expect(commands(word.repeat(256))).toHaveLength(1);
    expect(commands(word.repeat(257))).toContain("words");
    expect(commands("a".repeat(65_536))).toHaveLength(1);
    expect(commands("a".repeat(65_537))).toContain("characters");
    expect(commands(`${"a $(".repeat(16)}b${")".repeat(16)}`)).toHaveLength(17);
    expect(commands(`${"a $(".repeat(17)}b${")".repeat(17)}`)).toContain("deeply");
    expect(commands(`a ${"*".repeat(256)}`)).toHaveLength(1);
    expect(commands(`a ${"*".repeat(257)}`)).toContain("wild");
  });
});
