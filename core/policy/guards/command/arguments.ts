import { forbidden, outside, type Refusal } from "../guard.ts";
import type { CompiledGrammar, Kind, OptionRule } from "./grammar.ts";
import { isOfKind } from "./kinds.ts";
import type { Word } from "./line.ts";
import { addListed, addRole, addText, type Roles } from "./roles.ts";

/** What a grammar says of a program's words. */
export interface Judgement {
  readonly refusal?: Refusal;
  /** The words of the command that the program runs. */
  readonly inner?: readonly Word[];
}

const PASSES: Judgement = {};

const NAMED_ONLY = outside(
  "program_named_only",
  "the program can run other programs, and the policy does not name the words it is used with",
);
const UNKNOWN_COMMAND = outside("argument_not_listed", "the program is used with a word that is not known as harmless");
const TOO_MANY = outside("argument_not_listed", "the program gets more operands than are known as harmless");
const NO_INNER = outside("argument_not_listed", "the program is not told what to run");
const NO_VALUE = outside("argument_not_listed", "an option lacks its value");
const WILD = outside("argument_glob", "a pattern stands where a file with the name of an option would be one");

/** @param kind of what the word should be. */
function notOfKind(kind: Kind): Refusal {
  return outside("argument_not_listed", `an argument is no ${kind.replace("=", "one of ")} that is known as harmless`);
}

/** Where the words of a program are read. */
interface Reading {
  readonly grammar: CompiledGrammar;
  readonly words: readonly Word[];
  readonly roles: Roles;
  at: number;
  /** `--` was seen. */
  ended: boolean;
  /** Operands so far. */
  operands: number;
}

/**
 * Judges the words behind a program, or behind the words that an entry of the policy names, by a grammar.
 * @param roles gets what is known of single words.
 * @param named true where an entry of the policy leads to this very grammar.
 */
export function judgeArguments(
  grammar: CompiledGrammar,
  words: readonly Word[],
  roles: Roles,
  named = false,
): Judgement {
  if (words.length === 1 && words[0]?.text === "--version") return PASSES;
  const reading: Reading = { grammar, words, roles, at: 0, ended: false, operands: 0 };
  while (reading.at < words.length) {
    const step = readWord(reading, named);
    if (step !== undefined) return step;
  }
  if (grammar.source.named === true && !named) return { refusal: NAMED_ONLY };
  return grammar.source.runs === true ? { refusal: NO_INNER } : PASSES;
}

/** How many words the options before the first operand take; all that stand before the first that is refused. */
export function leadingOptions(grammar: CompiledGrammar, words: readonly Word[], roles: Roles): number {
  const reading: Reading = { grammar, words, roles, at: 0, ended: false, operands: 0 };
  for (;;) {
    const word = words[reading.at];
    if (word === undefined || word.text === "--" || !isOption(word, grammar)) return reading.at;
    const before = reading.at;
    if (readOption(reading, word) !== undefined) return before;
  }
}

/** Reads the next word; undefined where the reading goes on behind it. */
function readWord(reading: Reading, named: boolean): Judgement | undefined {
  const { grammar, words, roles } = reading;
  const word = words[reading.at];
  if (word === undefined) return undefined;
  const leads = grammar.commands.size > 0 && reading.operands === 0 && !reading.ended;
  const command = leads ? grammar.commands.get(word.text) : undefined;
  if (command !== undefined && word.marks.size === 0) {
    return judgeArguments(command, words.slice(reading.at + 1), roles);
  }
  if (!reading.ended && word.text === "--") {
    reading.at += 1;
    reading.ended = true;
    return grammar.after && judgeArguments(grammar.after, words.slice(reading.at), roles);
  }
  if (!reading.ended && isOption(word, grammar)) return failed(readOption(reading, word));
  if (grammar.source.runs === true && reading.operands === grammar.operands.length) {
    if (grammar.source.assigns === true && isAssignment(word)) {
      reading.at += 1;
      return undefined;
    }
    return { inner: words.slice(reading.at) };
  }
  if (grammar.source.named === true && !named) return { refusal: NAMED_ONLY };
  return failed(readOperand(reading, word));
}

/** `NAME=value` as env takes it: quoted or not. */
export function isAssignment({ text }: Word): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*=/.test(text);
}

function failed(refusal: Refusal | undefined): Judgement | undefined {
  return refusal && { refusal };
}

function isOption({ text }: Word, { source }: CompiledGrammar): boolean {
  return text.startsWith("-") && text !== "-" && source.words !== true;
}

function readOperand(reading: Reading, word: Word): Refusal | undefined {
  const { grammar } = reading;
  const kind = grammar.operands[reading.operands] ?? grammar.rest;
  if (kind === undefined) return grammar.commands.size > 0 && reading.operands === 0 ? UNKNOWN_COMMAND : TOO_MANY;
  reading.operands += 1;
  reading.at += 1;
  if (word.unknown) return unknownProblem(reading, word, kind, canBeOption(reading, word));
  if (word.glob) return globProblem(reading, word, kind);
  addRole(reading.roles, kind, word);
  return isOfKind(kind, word.text) ? undefined : notOfKind(kind);
}

/** True for a word that starts with what is not known, where an option may stand. */
function canBeOption({ grammar, ended }: Reading, word: Word): boolean {
  return word.marks.has(0) && !ended && grammar.source.words !== true;
}

const UNKNOWN_VALUE = forbidden(
  "value_unknown",
  "a part of the command is not known where it could be the name of a file",
);

/**
 * A value that is not known may be text and nothing else.
 * @param leading true where it could come to be an option.
 */
function unknownProblem({ roles }: Reading, word: Word, kind: Kind, leading: boolean): Refusal | undefined {
  if (kind !== "text" || word.splits || leading) return UNKNOWN_VALUE;
  addText(roles, word);
  return undefined;
}

/** A pattern becomes any number of names: it may only stand where any number of files may. */
function globProblem(reading: Reading, word: Word, kind: Kind): Refusal | undefined {
  const { grammar } = reading;
  const hardy = grammar.source.hardy === true;
  if (canBeOption(reading, word) && !hardy) return WILD;
  if (grammar.rest !== kind && !hardy) return WILD;
  if (kind === "path" && grammar.source.lists === true) addListed(reading.roles, word);
  if (kind === "path" || kind === "text" || kind === "glob") return undefined;
  return kind === "near" && isOfKind(kind, word.text) ? undefined : WILD;
}

/** Reads an option and its value; the refusal where it is none of the harmless ones. */
function readOption(reading: Reading, word: Word): Refusal | undefined {
  const { digits, long } = reading.grammar.source;
  if (digits === true && isDigit(word.text[1]) && /^-[0-9]+$/.test(word.text)) {
    reading.at += 1;
    return undefined;
  }
  if (word.glob || (word.unknown && word.splits)) return WILD;
  if (word.text.startsWith("--") || long === true) return readLong(reading, word, long === true);
  return readCluster(reading, word);
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

function readLong(reading: Reading, word: Word, long: boolean): Refusal | undefined {
  const equals = word.text.indexOf("=");
  const written = equals === -1 ? word.text : word.text.slice(0, equals);
  const name = long && written.startsWith("--") ? written.slice(1) : written;
  const rule = reading.grammar.options.get(name);
  if (rule === undefined || rule.takes === "never") return refuseOption(reading, name, rule);
  reading.at += 1;
  noteOption(reading, name);
  const value = equals === -1 ? undefined : word.text.slice(equals + 1);
  return readValue(reading, rule, value, word, name);
}

/** `-abc`: flags, and at most one value at the end, attached or the next word. */
function readCluster(reading: Reading, word: Word): Refusal | undefined {
  for (let index = 1; index < word.text.length; index += 1) {
    const name = word.text.length === 2 ? word.text : `-${word.text[index]}`;
    const rule = reading.grammar.options.get(name);
    if (rule === undefined || rule.takes === "never") return refuseOption(reading, name, rule);
    noteOption(reading, name);
    if (rule.takes === "nothing") continue;
    reading.at += 1;
    const rest = word.text.slice(index + 1);
    return readValue(reading, rule, rest === "" ? undefined : rest, word, name);
  }
  reading.at += 1;
  return undefined;
}

function noteOption(reading: Reading, name: string): void {
  // The first operand is what this option already gave.
  const { instead } = reading.grammar;
  if (reading.operands === 0 && instead.size > 0 && instead.has(name)) reading.operands = 1;
}

function refuseOption({ grammar }: Reading, name: string, rule: OptionRule | undefined): Refusal {
  const never = rule?.takes === "never" || isAbbreviation(name, grammar);
  if (never) return forbidden("argument_forbidden", `the option ${shown(name)} runs, loads or writes something`);
  return outside("argument_not_listed", `the option ${shown(name)} is not among those known as harmless`);
}

/** Long options may be written short: `--exec-p` may be `--exec-path`. */
function isAbbreviation(name: string, { options }: CompiledGrammar): boolean {
  if (!name.startsWith("--") || name.length < 4) return false;
  return [...options].some(([option, { takes }]) => takes === "never" && option.startsWith(name));
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}

const EXTRA_VALUE = outside("argument_not_listed", "an option has a value that is not known for it");

/** @param value what the option's own word carries; undefined where the next word is the value. */
function readValue(
  reading: Reading,
  rule: OptionRule,
  value: string | undefined,
  word: Word,
  name: string,
): Refusal | undefined {
  switch (rule.takes) {
    case "value":
      if (value !== undefined) return judgeValue(reading, rule.kind, value, word);
      return readNext(reading, rule.kind);
    case "pair":
      return value === undefined ? (readNext(reading, "name") ?? readNext(reading, "text")) : EXTRA_VALUE;
    case "optional":
      return value === undefined || (!word.unknown && isOfKind("name", value)) ? undefined : EXTRA_VALUE;
    default:
      return value === undefined ? undefined : refuseOption(reading, `${name}=`, undefined);
  }
}

function readNext(reading: Reading, kind: Kind): Refusal | undefined {
  const word = reading.words[reading.at];
  if (word === undefined) return NO_VALUE;
  reading.at += 1;
  return judgeValue(reading, kind, word.text, word);
}

/** @param word the word that holds the value, whole or behind its option. */
function judgeValue(reading: Reading, kind: Kind, value: string, word: Word): Refusal | undefined {
  if (word.unknown) return unknownProblem(reading, word, kind, false);
  if (word.glob) return WILD;
  addRole(reading.roles, kind, word);
  return isOfKind(kind, value) ? undefined : notOfKind(kind);
}
