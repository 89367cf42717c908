import { forbidden, outside, type Refusal } from "../guard.ts";
import { type Judgement, judgeArguments, leadingOptions } from "./arguments.ts";
import { noRoles, type Roles } from "./roles.ts";
import type { Entry } from "./entries.ts";
import type { CompiledGrammar } from "./grammar.ts";
import { VEHICLE_OPTIONS } from "./grammars/denied.table.ts";
import { NAMED_ONLY, WINDOWS_ENDS } from "./grammars/named.table.ts";
import { CARRIERS, LAUNCHERS } from "./grammars/wrappers.table.ts";
import { isNear } from "./kinds.ts";
import { literalWord, type Word } from "./line.ts";
import { baseName, grammarOf, isInterpreter, isShell, programName } from "./programs.ts";

/** An entry of `allowed_commands` ready to judge. */
export interface Permission {
  readonly entry: Entry;
  /** Of the program. */
  readonly grammar: CompiledGrammar | undefined;
  /** Words of the entry, all of which a command must have, as they are put before the rest for `target`. */
  readonly kept: readonly Word[];
  /** What judges the words behind the entry's own: a grammar, the words of a shell, or nothing but that they are literal. */
  readonly target: CompiledGrammar | "line" | "words" | "unknown";
}

const NAMED_PROGRAM = outside(
  "program_named_only",
  "the program can run other programs, and the policy does not name the words it is used with",
);
const UNKNOWN_WORD = outside(
  "argument_not_listed",
  "the policy knows no grammar of the program, and a word could make it run, load or write something",
);
const NOT_LITERAL = outside("argument_glob", "a pattern stands where the policy takes literal words only");
const NOT_KNOWN = forbidden("value_unknown", "a part of the command is not known where the policy must know it");
const ONE_LINE = outside("argument_not_listed", "a shell gets other words than one command line");

/**
 * Makes an entry ready. A program with a grammar is judged by it, from where the entry's words lead. Without a grammar, an
 * entry of a program alone admits harmless words only, and one that names words admits any literal words behind them:
 * `node script.js`, `docker ps`.
 */
export function permit(entry: Entry): Permission {
  const grammar = grammarOf(baseName(entry.program));
  const permission = (target: Permission["target"], kept: readonly Word[] = []): Permission => ({
    entry,
    grammar,
    kept,
    target,
  });
  if (entry.words.length === 0) {
    if (grammar !== undefined) return permission(grammar);
    // A path was written by the policy's author, who knows what lies there.
    const known = entry.program.includes("/") && !isRunner(programName(entry.program));
    return permission(known ? "words" : "unknown");
  }
  if (isShell(programName(entry.program)) && /^-[a-z]*c$/.test(entry.words.at(-1) ?? "")) return permission("line");
  const { node, left } = walk(grammar, entry.words);
  if (node !== undefined && node !== grammar) return permission(node, accepted(node, left));
  const launched = launchedBy(entry);
  if (launched !== undefined) return permission(launched);
  const words = node && accepted(node, left);
  return node !== undefined && words !== undefined && words.length > 0 ? permission(node, words) : permission("words");
}

/** How far the entry's words lead into a grammar. */
function walk(
  grammar: CompiledGrammar | undefined,
  words: readonly string[],
): { readonly node: CompiledGrammar | undefined; readonly left: readonly string[] } {
  let node = grammar;
  for (const [index, word] of words.entries()) {
    const next = node?.commands.get(word);
    if (next === undefined) return { node, left: words.slice(index) };
    node = next;
  }
  return { node, left: [] };
}

/** The words that a grammar itself takes, so that it can judge them together with what follows; else none of them. */
function accepted(node: CompiledGrammar, left: readonly string[]): readonly Word[] {
  const words = left.map(literalWord);
  return judgeArguments(node, words, noRoles(), true).refusal === undefined ? words : [];
}

function launchedBy({ program, words }: Entry): CompiledGrammar | undefined {
  const launcher = [program, ...words.slice(0, -1)].join(" ");
  return LAUNCHERS.includes(launcher) ? grammarOf(words.at(-1) ?? "") : undefined;
}

/** What a permission says of a command; undefined where it does not speak of it. */
export interface Permitted extends Judgement {
  /** A command line that the program, a shell, reads. */
  readonly line?: Word;
}

/**
 * Judges a command by one permission for its program, whose word is literal.
 * @param words those behind the program.
 * @param roles gets what is known of single words.
 */
export function judgeBy(permission: Permission, words: readonly Word[], roles: Roles): Permitted | undefined {
  const behind = wordsBehind(permission, dashed(permission.grammar, words), roles);
  if (behind === undefined) return undefined;
  switch (permission.target) {
    case "line":
      return behind.length === 1 && behind[0] !== undefined ? { line: behind[0] } : { refusal: ONE_LINE };
    case "words":
      return result(behind.map(literalProblem).find((problem) => problem !== undefined));
    case "unknown":
      return result(unknownProgramProblem(permission.entry.program, behind));
    default:
      return judgeArguments(
        permission.target,
        permission.kept.length === 0 ? behind : [...permission.kept, ...behind],
        roles,
        permission.entry.words.length > 0,
      );
  }
}

function result(refusal: Refusal | undefined): Permitted {
  return refusal === undefined ? {} : { refusal };
}

/** Writes `tar xfC file folder` as `tar -x -f file -C folder`: each letter that needs a value takes the next word. */
function dashed(grammar: CompiledGrammar | undefined, words: readonly Word[]): readonly Word[] {
  if (grammar?.source.bare !== true) return words;
  const [first, ...rest] = words;
  if (first === undefined || first.text.startsWith("-")) return words;
  const options = Array.from(first.text, (letter) => {
    const option = literalWord(`-${letter}`);
    const value = grammar.options.get(option.text)?.takes === "value" ? rest.shift() : undefined;
    return value === undefined ? [option] : [option, value];
  });
  return [...options.flat(), ...rest];
}

/** The words behind those that the entry names; undefined where it names others. Harmless global options may come before. */
function wordsBehind(
  { entry, grammar }: Permission,
  words: readonly Word[],
  roles: Roles,
): readonly Word[] | undefined {
  const [first] = entry.words;
  if (first === undefined) return words;
  const skipped = grammar === undefined || first.startsWith("-") ? 0 : leadingOptions(grammar, words, roles);
  for (let index = 0; index < entry.words.length; index += 1) {
    const word = words[skipped + index];
    if (word?.text !== entry.words[index] || word?.marks.size !== 0) return undefined;
  }
  return words.slice(skipped + entry.words.length);
}

function literalProblem(word: Word): Refusal | undefined {
  if (word.unknown) return NOT_KNOWN;
  return word.glob && word.marks.has(0) ? NOT_LITERAL : undefined;
}

const PLAIN = /^[A-Za-z0-9_./:=@,+%-]*$/;

/** Short options that mean no harm in any program that is known: all, help, long, number, quiet, verbose, version. */
const SHORT_OPTION = /^-[ahlnqvV1]+$/;

const VEHICLES = new Set(VEHICLE_OPTIONS);

/**
 * A program that the policy allows by its name, and of which nothing else is known: plain words, no option that could run,
 * load or write something, no path but below the working folder, no URL, no other program.
 */
function unknownProgramProblem(program: string, words: readonly Word[]): Refusal | undefined {
  const name = programName(program);
  if (words.length === 1 && words[0]?.text === "--version") return undefined;
  if (isRunner(name) || WINDOWS_ENDS.some((end) => program.toLowerCase().endsWith(end))) return NAMED_PROGRAM;
  if (words.some((word) => word.unknown)) return NOT_KNOWN;
  return words.every((word) => word.marks.size === 0 && isHarmlessWord(word.text)) ? undefined : UNKNOWN_WORD;
}

const CARRIER_NAMES = new Set(CARRIERS);

function isRunner(name: string): boolean {
  return (
    NAMED_ONLY.has(name) ||
    CARRIER_NAMES.has(name) ||
    isShell(name) ||
    isInterpreter(name) ||
    /^ld(?:-linux)?[-.]/.test(name)
  );
}

function isHarmlessWord(text: string): boolean {
  if (!PLAIN.test(text) || text.includes("://")) return false;
  if (!text.startsWith("-")) return isNear(text) && !isRunner(programName(text)) && !text.includes("=");
  if (!text.startsWith("--")) return SHORT_OPTION.test(text);
  const [option = "", ...value] = text.slice(2).split("=");
  if (option.split("-").some((part) => VEHICLES.has(part))) return false;
  return value.every((part) => part === "" || (isNear(part) && !isRunner(programName(part))));
}
