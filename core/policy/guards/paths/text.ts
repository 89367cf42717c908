import { forbidden, type Refusal } from "../guard.ts";

/** UTF-16 units; what Linux takes at most. */
export const LONGEST_PATH = 4096;

const PRINTABLE_ASCII = /^[\u0020-\u007e]*$/;

/** Controls, formats, surrogates, what no font draws, and every blank but the space. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

/**
 * What some programs read as something else than the character: backslashes, escapes by percent sign, entity or `0x2e`, shell
 * and glob characters, variables.
 */
const AMBIGUOUS = /[\\*?"<>|{}\u0060]|%[0-9A-Za-z%]|\$[({]|&#|0x(?:2[ef]|5c)/i;

/**
 * Drawn like a slash, a backslash or a dot, though Unicode normal forms keep them apart, or taken for one by old code pages;
 * and UTF-8 of two bytes for one ASCII character, read as Latin-1.
 */
const LOOKALIKE =
  /[\u00a5\u20a9\u2044\u2215\u2216\u2571\u2572\u27cb\u27cd\u29f5\u29f8\u29f9\u2f02\u2f03\u3002\u3033\ua4f8\u{1d23a}\u{1d23b}]|[\u00c0\u00c1][\u0080-\u00bf]/u;

const NOT_SPECIAL = /[^./\\%~]/gu;

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

const ONLY_DOTS_AND_BLANKS = /^[. ]*$/;

const EMPTY = forbidden("path_empty", "the path is empty");
const TOO_LONG = forbidden("path_too_long", `the path has more than ${LONGEST_PATH} characters`);
const HIDDEN = forbidden("path_characters", "the path holds control characters or characters that cannot be seen");
const SPELLING = forbidden("path_spelling", "the path is written in a form that programs read in different ways");

/** Why a path has more than one reading; undefined for one that every program understands alike. */
export function spellingProblem(path: string): Refusal | undefined {
  if (path === "") return EMPTY;
  if (path.length > LONGEST_PATH) return TOO_LONG;
  const problem = characterProblem(path);
  if (problem !== undefined) return problem;
  if (path.startsWith("~") || path.startsWith(" ") || path.endsWith(" ") || SCHEME.test(path)) return SPELLING;
  return path.split("/").some(isOddSegment) ? SPELLING : undefined;
}

/** Why the characters of a path are not plain, whatever their order. */
export function characterProblem(path: string): Refusal | undefined {
  if (AMBIGUOUS.test(path)) return SPELLING;
  if (PRINTABLE_ASCII.test(path)) return undefined;
  if (UNSEEN.test(path)) return HIDDEN;
  const special = (text: string): number => text.replace(NOT_SPECIAL, "").length;
  return LOOKALIKE.test(path) || special(path.normalize("NFKC")) !== special(path) ? SPELLING : undefined;
}

/** `...`, `.. `, `..x`: not the folder above here, and perhaps so elsewhere. */
function isOddSegment(segment: string): boolean {
  if (segment.length < 3) return segment.startsWith(" ") || segment === ". ";
  return segment.startsWith("..") || ONLY_DOTS_AND_BLANKS.test(segment);
}

/** The segments of an absolute path after `.`, `..` and empty ones are taken out by the text alone. */
export function lexicalSegments(path: string): readonly string[] {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") segments.pop();
    else segments.push(segment);
  }
  return segments;
}

/** One form for names that some file system holds for equal: without case, without compatibility forms. */
export function foldCase(text: string): string {
  return PRINTABLE_ASCII.test(text) ? text.toLowerCase() : text.normalize("NFKC").toUpperCase().toLowerCase();
}
