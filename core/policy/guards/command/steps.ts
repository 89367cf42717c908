import { foldCase, lexicalSegments } from "../paths/text.ts";
import type { Word } from "./line.ts";
import { type Step, stepOf } from "./patterns.ts";

/** A path as a word of a command line names it, `.` and `..` taken out by the text alone. */
export interface WordPath {
  /** False where the path starts at a folder that is not known. */
  readonly absolute: boolean;
  /** How many folders above its start a relative path begins. */
  readonly climbs: number;
  readonly steps: readonly Step[];
}

/** The folder that nobody told. */
export const UNKNOWN_FOLDER: WordPath = { absolute: false, climbs: 0, steps: [] };

/** An absolute path that is known, such as the home folder. */
export function knownPath(path: string): WordPath {
  return { absolute: true, climbs: 0, steps: lexicalSegments(foldCase(path)) };
}

/** Where the path lies when it is taken from a folder. */
export function joined(folder: WordPath, path: WordPath): WordPath {
  if (path.absolute || folder === UNKNOWN_FOLDER) return path;
  const kept = folder.steps.slice(0, Math.max(folder.steps.length - path.climbs, 0));
  const climbs = folder.absolute ? 0 : folder.climbs + Math.max(path.climbs - folder.steps.length, 0);
  return { absolute: folder.absolute, climbs, steps: [...kept, ...path.steps] };
}

/** Where a part of a word stands in it. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** One name of letters and digits and the like: no slash, and none of `~`, `.` and `..`. */
  readonly plain?: boolean;
}

/** Every name between slashes, `.` and `..` among them. */
export function rawSteps(word: Word, { from, to }: Range): readonly Step[] {
  if (word.marks.size === 0) return foldCase(word.text.slice(from, to)).split("/");
  const steps: Step[] = [];
  for (let at = from; at <= to;) {
    const slash = word.text.indexOf("/", at);
    const end = slash === -1 || slash > to ? to : slash;
    steps.push(stepOf(word, at, end));
    at = end + 1;
  }
  return steps;
}

/** The path that the raw steps of a word make; a leading `~` is the home folder. */
export function pathOf(raw: readonly Step[], home: WordPath): WordPath {
  const atHome = raw[0] === "~";
  const absolute = atHome || (raw[0] === "" && raw.length > 1);
  const steps: Step[] = atHome ? [...home.steps] : [];
  let climbs = 0;
  for (const step of atHome ? raw.slice(1) : raw) {
    if (step === "" || step === ".") continue;
    if (step !== "..") steps.push(step);
    else if (steps.length > 0) steps.pop();
    else if (!absolute) climbs += 1;
  }
  return { absolute, climbs, steps };
}

/** The path that a word is, taken as a whole. */
export function wholePath(word: Word, home: WordPath): WordPath {
  return pathOf(rawSteps(word, { from: 0, to: word.text.length }), home);
}

/** What stands between a path and whatever surrounds it in a word: `--file=`, `HEAD:`, `@`, quotes and brackets of code. */
const DELIMITERS = new Set("=:@,;|&()<>{}[]\"'\\ \t\n!#+%^$`*?".split(""));

/**
 * The parts of a word that could be paths: the whole of it, what stands between delimiters, and what an option such as
 * `-f.env` carries. In proportion to the word: parts do not overlap, but for the whole and for options.
 */
export function pathRanges(word: Word): readonly Range[] {
  const { text, marks } = word;
  const ranges: Range[] = [];
  let from = 0;
  let plain = true;
  for (let at = 0; at <= text.length; at += 1) {
    const char = text[at] ?? "";
    if (at < text.length && (marks.has(at) || !DELIMITERS.has(char))) {
      plain &&= char !== "/" && char !== "~";
      continue;
    }
    if (at > from) {
      ranges.push({ from, to: at, plain: plain && !isDots(text, from, at) });
      if (text[from] === "-") ranges.push(...carried(text, from, at));
    }
    from = at + 1;
    plain = true;
  }
  if (ranges.length > 1) ranges.unshift({ from: 0, to: text.length });
  return ranges;
}

/** `.` and `..`. */
function isDots(text: string, from: number, to: number): boolean {
  return text[from] === "." && (to - from === 1 || (to - from === 2 && text[from + 1] === "."));
}

/** A path that is written right behind a short option, or behind several. */
function carried(text: string, from: number, to: number): readonly Range[] {
  if (to - from < 3) return [];
  let path = from + 1;
  while (path < to && text[path] !== "." && text[path] !== "/" && text[path] !== "~") path += 1;
  const behindOne = { from: from + 2, to };
  return path < to && path !== behindOne.from ? [behindOne, { from: path, to }] : [behindOne];
}
