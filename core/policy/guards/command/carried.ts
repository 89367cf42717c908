import { judgeArguments } from "./arguments.ts";
import { noRoles } from "./roles.ts";
import { CARRIERS, MARKED_CARRIERS } from "./grammars/wrappers.table.ts";
import { commandsOf, type Line, type Word } from "./line.ts";
import { DEEPEST, parseLine } from "./parse.ts";
import { grammarOf, isShell, programName } from "./programs.ts";

const CARRIER_NAMES = new Set(CARRIERS);
const MARKS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(MARKED_CARRIERS).map(([program, marks]) => [program, new Set(marks.split(" "))]),
);

/** A command that a command may come to run by the words behind it. */
export interface CarriedCommand {
  /** The program first. */
  readonly words: readonly Word[];
  /** Of the program, wherever it lies. */
  readonly name: string;
  /** A shell reads it, so that its program may be a word of the shell. */
  readonly inShell: boolean;
}

export interface Carried {
  /** The command itself first. */
  readonly commands: readonly CarriedCommand[];
  /** Command lines among the words. */
  readonly lines: readonly Line[];
  /** A command line among the words cannot be read. */
  readonly unreadable: boolean;
}

/** Wrappers that a shell itself reads, so that its words may stand behind them. */
const KNOWS_BUILTINS = new Set(["command", "time"]);

/** Words behind a wrapper, each of which may be a program; more are taken for a command that cannot be read. */
const MOST_PROGRAMS = 64;

/** Commands within one command; the same. */
const MOST_COMMANDS = 256;

/** What a shell would take for more than one word. */
const MANY_WORDS = /[\s;&|<>()$`]/;

/**
 * Looks for commands within a command: behind wrappers such as `env`, `sudo` and `xargs`, behind `-exec`, and in what shells
 * are told with `-c`. It rather finds too much: where a wrapper has no grammar, every word behind it may be the program.
 */
export function carriedBy(words: readonly Word[]): Carried {
  const found: Found = { commands: [], lines: [], unreadable: false };
  collect(words, true, found, 0);
  return found;
}

interface Found extends Carried {
  readonly commands: CarriedCommand[];
  readonly lines: Line[];
  unreadable: boolean;
}

function collect(words: readonly Word[], inShell: boolean, found: Found, depth: number): void {
  const name = nameOf(words);
  found.commands.push({ words, name, inShell });
  const run = wordsRunBy(name, words);
  if (run === RUNS_NOTHING) return;
  const runs = run.inner !== undefined || run.programs.length > 0 || run.texts.length > 0;
  if (runs && (depth >= DEEPEST || run.programs.length > MOST_PROGRAMS || found.commands.length > MOST_COMMANDS)) {
    found.unreadable = true;
    return;
  }
  if (run.inner !== undefined) collect(run.inner, KNOWS_BUILTINS.has(words[0]?.text ?? ""), found, depth + 1);
  for (const program of run.programs) found.commands.push({ words: program, name: nameOf(program), inShell: false });
  for (const { text } of run.texts) {
    const line = parseLine(text);
    if ("problem" in line) {
      found.unreadable = true;
      continue;
    }
    found.lines.push(line);
    for (const command of commandsOf(line)) {
      if (found.commands.length > MOST_COMMANDS) {
        found.unreadable = true;
        return;
      }
      if (command.words.length > 0) collect(command.words, true, found, depth + 1);
    }
  }
}

function nameOf(words: readonly Word[]): string {
  return programName(words[0]?.text ?? "");
}

interface Run {
  /** Exactly what the program runs. */
  readonly inner?: readonly Word[];
  /** The words from each place where a program may stand. */
  readonly programs: readonly (readonly Word[])[];
  /** Words that are command lines. */
  readonly texts: readonly Word[];
}

const RUNS_NOTHING: Run = { programs: [], texts: [] };

function wordsRunBy(name: string, words: readonly Word[]): Run {
  if (isShell(name)) return { programs: [], texts: shellTexts(words.slice(1)) };
  if (CARRIER_NAMES.has(name)) {
    const rest = words.slice(1);
    const grammar = grammarOf(name);
    const inner = grammar && judgeArguments(grammar, rest, noRoles()).inner;
    return inner === undefined ? anywhere(rest) : { programs: [], texts: [], inner };
  }
  const marks = MARKS.get(name);
  if (marks === undefined) return RUNS_NOTHING;
  for (let index = 1; index < words.length; index += 1) {
    if (marks.has(words[index]?.text ?? "")) return anywhere(words.slice(index + 1));
  }
  return RUNS_NOTHING;
}

/** What stands behind `-c`, `-lc` or the like. */
function shellTexts(words: readonly Word[]): readonly Word[] {
  const option = words.findIndex(({ text }) => /^[-+/][A-Za-z]*[ck]/i.test(text));
  return option === -1 ? [] : words.slice(option + 1).filter(({ text }) => !text.startsWith("-"));
}

function anywhere(words: readonly Word[]): Run {
  const shell = words.findIndex(({ text }) => isShell(programName(text)));
  const inShell = shell === -1 ? [] : shellTexts(words.slice(shell + 1));
  const lines = words.filter((word) => MANY_WORDS.test(word.text) && !inShell.includes(word));
  return { programs: words.map((_, index) => words.slice(index)), texts: [...lines, ...inShell] };
}
