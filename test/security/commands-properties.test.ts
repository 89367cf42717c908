import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SHELL_FEATURES } from "../../core/policy/guards/command/check.ts";
import type { SimpleCommand, Word } from "../../core/policy/guards/command/line.ts";
import { parseLine } from "../../core/policy/guards/command/parse.ts";
import { commandGuard } from "../../core/policy/guards/commands.ts";
import { UNIX_LINES } from "./commands-binaries.table.ts";
import { EVERYDAY, EVERYDAY_POLICY } from "./commands-everyday.table.ts";
import { BESIDE_THE_LIST, DANGEROUS, PROTECTED } from "./commands-spellings.table.ts";
import { CLEVER_TRICKS } from "./commands-tricks.table.ts";

const PROBES = {
  "self:places": {
    folders: ["/home/alice/.local/state/leashkit/0123456789abcdef0123456789abcdef"],
    ports: [8787],
    home: "/home/alice",
  },
};

const everyday = commandGuard({
  allowedCommands: [...EVERYDAY_POLICY.allowedCommands, ...EVERYDAY_POLICY.named],
  allowShell: SHELL_FEATURES,
});

/** What means something to a shell only where it is not quoted: a word with it is left as it is. */
const SPECIAL = /[\s|;&<>()$`'"\\*?[\]{}!#^]|^~[^/]/;

/** Writes a word another way that a shell reads alike. */
function respelled(word: string): fc.Arbitrary<string> {
  const styles = fc.array(fc.constantFrom("plain", "plain", "backslash", "single", "double", "empty"), {
    minLength: word.length,
    maxLength: word.length,
  });
  return styles.map((chosen) => Array.from(word, (char, index) => spell(char, chosen[index] ?? "plain")).join(""));
}

function spell(char: string, style: string): string {
  switch (style) {
    case "backslash":
      return `\\${char}`;
    case "single":
      return `'${char}'`;
    case "double":
      return `"${char}"`;
    case "empty":
      return `""${char}''`;
    default:
      return char;
  }
}

/** A line with its words respelled and its blanks changed. */
function respelledLine(line: string): fc.Arbitrary<string> {
  const parts = line.split(/( +)/).map((part) => {
    if (part.startsWith(" ")) return fc.constantFrom(" ", "  ", "\t", " \\\n ", " \t ");
    return part === "" || SPECIAL.test(part) ? fc.constant(part) : respelled(part);
  });
  return fc.tuple(...parts).map((texts) => texts.join(""));
}

/** Lines in which blanks stand between words only. */
const unquoted = (lines: readonly string[]): readonly string[] => lines.filter((line) => !/['"\\#\n$]/.test(line));

function anyOf(lines: readonly string[]): fc.Arbitrary<{ readonly line: string; readonly spelled: string }> {
  return fc.constantFrom(...lines).chain((line) => respelledLine(line).map((spelled) => ({ line, spelled })));
}

describe("spellings that a shell does not tell apart", () => {
  const refused = [...DANGEROUS, ...PROTECTED, ...BESIDE_THE_LIST.forbidden, ...CLEVER_TRICKS, ...UNIX_LINES];
  const lines = unquoted(refused).filter((line) => everyday.check({ command: line }, PROBES) !== undefined);

  it("A-A19: quotes, backslashes and blanks never turn a refusal into a pass", () => {
    expect(lines.length).toBeGreaterThan(500);
    fc.assert(
      fc.property(anyOf(lines), ({ spelled }) => {
        expect(everyday.check({ command: spelled }, PROBES)).toBeDefined();
      }),
      { numRuns: 3000 },
    );
  });

  it("C: a protected place is forbidden however its name is quoted", () => {
    fc.assert(
      fc.property(anyOf(unquoted(PROTECTED)), ({ spelled }) => {
        expect(everyday.check({ command: spelled }, PROBES)?.kind).toBe("forbidden");
      }),
      { numRuns: 2000 },
    );
  });

  it("everyday work passes however it is quoted", () => {
    const plain = unquoted(EVERYDAY).filter((line) => !/^[A-Z]|[|;&<>*?]| [A-Z_]+=/.test(line));
    expect(plain.length).toBeGreaterThan(80);
    fc.assert(
      fc.property(anyOf(plain), ({ spelled }) => {
        expect(everyday.check({ command: spelled }, PROBES)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe("any text at all", () => {
  const noise = fc.string({
    unit: fc.constantFrom(..."ab \t\n'\"\\$(){}[]|&;<>*?!#~=-/.,`é0".split("")),
    maxLength: 60,
  });

  it("is read or refused, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(noise, fc.string({ unit: "binary" })), (text) => {
        const refusal = everyday.check({ command: text }, PROBES);
        expect(refusal === undefined || refusal.code !== "").toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it("A-A19: what follows a command that is not listed does not make it pass", () => {
    fc.assert(
      fc.property(noise, (text) => {
        expect(everyday.check({ command: `id ${text}` }, PROBES)).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });
});

const bash = spawnSync("bash", ["--version"]).status === 0;
if (!bash) process.stdout.write("there is no bash here to compare the reading of words with\n");

/** The words that bash gives a program, for each line. */
function wordsByBash(lines: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-bash-"));
  try {
    // No program can run, whatever the lines should turn out to say.
    const script = 'PATH=/nowhere; HOME="~"; for line; do eval "$line" 2>&1; printf "\\1"; done';
    const result = spawnSync("bash", ["--norc", "--noprofile", "-c", script, "bash", ...lines], {
      cwd: folder,
      env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
      encoding: "utf8",
    });
    return result.stdout.split("\u0001").slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The only command of a line, where all of it is literal. */
function literalCommand(line: string): SimpleCommand | undefined {
  const parsed = parseLine(line);
  if ("problem" in parsed || parsed.comments || parsed.pipelines.length !== 1) return undefined;
  const [command, ...others] = parsed.pipelines[0] ?? [];
  if (command === undefined || others.length > 0) return undefined;
  const literal = (word: Word): boolean => word.marks.size === 0 && !word.unknown && !word.splits;
  const bare = command.assignments.length + command.redirections.length === 0;
  return bare && command.words.every(literal) ? command : undefined;
}

describe.skipIf(!bash)("words as bash reads them", () => {
  const compare = (lines: readonly string[]): number => {
    const readable = lines.flatMap((line) => {
      const command = literalCommand(line);
      return command === undefined ? [] : [{ line, words: command.words.slice(2).map(({ text }) => text) }];
    });
    const given = wordsByBash(readable.map(({ line }) => line));
    readable.forEach(({ line, words }, index) => {
      expect(given[index], line).toBe(words.map((word) => `${word}\0`).join(""));
    });
    return readable.length;
  };

  it("A-A19: quoted and escaped words are the same words", () => {
    const word = fc.string({
      unit: fc.constantFrom(..."ab $'\"\\|&;<>()*?[]{}!#~=-/.,`é\n\t".split("")),
      minLength: 1,
      maxLength: 8,
    });
    const quoted = word.chain((text) => {
      const characters = Array.from(text, (char) => {
        const double = `"${char.replace(/["\\$`]/, "\\$&")}"`;
        const styles = [char === "'" ? "\\'" : `'${char}'`, char === "!" ? "'!'" : double];
        return fc.constantFrom(...styles, ...(char === "\n" ? [] : [`\\${char}`]));
      });
      return fc.tuple(...characters).map((parts) => parts.join(""));
    });
    const line = fc.array(quoted, { minLength: 1, maxLength: 5 }).map((words) => `printf '%s\\0' ${words.join(" ")}`);
    const lines = fc.sample(line, 400);
    expect(compare(lines)).toBe(400);
  });

  it("A-A19: of any text that is read as literal words, bash makes the same words", () => {
    const noise = fc.string({
      unit: fc.constantFrom(..."aab  \t\n''\"\"\\\\$#~~=:-/.,!{}é0".split("")),
      maxLength: 24,
    });
    const lines = fc.sample(noise, 4000).map((text) => `printf '%s\\0' a${text}`);
    expect(compare(lines)).toBeGreaterThan(300);
  });
});
