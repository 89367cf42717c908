import type { Word } from "./line.ts";
import { programName } from "./programs.ts";

/** A program, or a program with the words that must come first: an entry of `allowed_commands` or `denied_commands`. */
export interface Entry {
  readonly program: string;
  readonly words: readonly string[];
}

const LONGEST_ENTRY = 256;

const PROGRAM = /^[A-Za-z0-9_./:@+-]+$/;

/** What a shell takes as it stands. */
const PLAIN_WORD = /^[A-Za-z0-9_./:=@,+%-]+$/;

/** Reads an entry; undefined for what is no program with plain words. */
export function parseEntry(text: string): Entry | undefined {
  if (text.length > LONGEST_ENTRY) return undefined;
  const [program = "", ...words] = text.split(" ");
  if (!PROGRAM.test(program) || program.startsWith("-") || program.endsWith("/")) return undefined;
  return words.every((word) => PLAIN_WORD.test(word)) ? { program, words } : undefined;
}

/** An entry that denies, ready to compare. */
interface Denial {
  /** In lower case. */
  readonly options: readonly string[];
  /** The other words in their order, in lower case. */
  readonly words: readonly string[];
}

/** Denials by the names of their programs. */
export type Denials = ReadonlyMap<string, readonly Denial[]>;

const NO_DENIALS: readonly Denial[] = [];

export function denialsOf(entries: readonly Entry[]): Denials {
  const denials = new Map<string, Denial[]>();
  for (const { program, words } of entries) {
    const wanted = words.map((word) => word.toLowerCase());
    const name = programName(program);
    const others = denials.get(name) ?? [];
    const options = wanted.filter((word) => word.startsWith("-"));
    denials.set(name, [...others, { options, words: wanted.filter((word) => !word.startsWith("-")) }]);
  }
  return denials;
}

/**
 * True when a command is what an entry denies: the program under any path and in any case, and the entry's words in their
 * order, whatever options stand between them. An option of the entry may stand anywhere behind.
 */
export function isDenied(entry: Entry, words: readonly Word[]): boolean {
  return isDeniedBy(denialsOf([entry]), programName(words[0]?.text ?? ""), words);
}

/** @param name of the program, which is the first word. */
export function isDeniedBy(denials: Denials, name: string, words: readonly Word[]): boolean {
  for (const denial of denials.get(name) ?? NO_DENIALS) if (meets(denial, words)) return true;
  return false;
}

function meets({ options, words: wanted }: Denial, words: readonly Word[]): boolean {
  // Where one of them stands nowhere, no way leads to all of them. The last one tells most.
  for (let index = wanted.length - 1; index >= 0; index -= 1) if (!holds(words, wanted[index] ?? "")) return false;
  for (const option of options) {
    if (!words.some(({ text }, index) => index > 0 && isOption(text, option))) return false;
  }
  if (wanted.length === 0) return true;
  const texts = words.slice(1).map((word) => word.text.toLowerCase());
  return leadsTo(texts, wanted);
}

/** True where a word behind the program is this one but for case. What is ASCII in lower case is as long in any case. */
function holds(words: readonly Word[], wanted: string): boolean {
  for (let index = 1; index < words.length; index += 1) {
    const text = words[index]?.text ?? "";
    if (text.length === wanted.length && text.toLowerCase() === wanted) return true;
  }
  return false;
}

/** True when the wanted words come first, options and their values left aside. */
function leadsTo(texts: readonly string[], wanted: readonly string[]): boolean {
  /** Where the reading may stand before the next wanted word. */
  let positions = new Set([0]);
  for (const next of wanted) {
    const behind = new Set<number>();
    for (const at of [...positions].flatMap((from) => firstWords(texts, from))) {
      if (texts[at] === next) behind.add(at + 1);
    }
    positions = behind;
  }
  return positions.size > 0;
}

/** Where the first word behind options may stand: whether an option takes the next word as its value is not always known. */
function firstWords(texts: readonly string[], from: number): readonly number[] {
  const found: number[] = [];
  let afterOption = false;
  for (let at = from; at < texts.length; at += 1) {
    const text = texts[at] ?? "";
    if (text.startsWith("-")) {
      afterOption = !text.includes("=");
    } else {
      found.push(at);
      if (!afterOption) break;
      afterOption = false;
    }
  }
  return found;
}

/** `-d`, also among others, and `--decrypt`, also with a value. */
function isOption(text: string, option: string): boolean {
  if (!text.startsWith("-")) return false;
  const lower = text.toLowerCase();
  if (lower === option || lower.startsWith(`${option}=`)) return true;
  return option.length === 2 && /^-[a-z]+$/.test(lower) && lower.includes(option.slice(1));
}
