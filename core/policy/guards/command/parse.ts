import type { Line, Pipeline, Redirection, RedirectionOperator, SimpleCommand, Word } from "./line.ts";
import { readPlainWord, readWord } from "./scan.ts";
import { type Scanner, unreadable } from "./scanner.ts";

/** Why a text is no command line of the subset, as the rest of a sentence that starts with "the command line". */
export interface Unreadable {
  readonly problem: string;
}

/** UTF-16 units of a command line. */
export const LONGEST_LINE = 65_536;

/** Words of a command line, those of its substitutions included. */
export const MOST_WORDS = 256;

/** Substitutions within substitutions, and command lines within words. */
export const DEEPEST = 16;

/**
 * Characters that shells, terminals and readers take differently: controls, blanks other than space, tab and line break,
 * invisible format characters, private ones and lone surrogates.
 */
const STRANGE = /[^\P{Cc}\n\t]|[^\P{Z} ]|[\p{Cf}\p{Co}\p{Cs}]/u;

/** Nothing of it is strange. */
const PLAIN_TEXT = /^[\t\n -~]*$/;

/** True for a text that a shell and a person read alike. */
export function isCleanText(text: string): boolean {
  return PLAIN_TEXT.test(text) || !STRANGE.test(text);
}

/**
 * Reads a command line in the subset that POSIX shells and bash agree on: simple commands with quotes, escapes, assignments
 * and redirections, joined by `|`, `&&`, `||`, `;` and line breaks; comments, patterns, `$name` and `$(...)`.
 *
 * Everything else is unreadable: functions, groups and subshells, compound commands, here-documents, arithmetic, backticks,
 * process substitution, background jobs, `!`, unbalanced quotes, strange characters, and what is over the bounds. Takes time
 * in proportion to the text.
 * @example parseLine("git status && npm test")
 */
export function parseLine(text: string): Line | Unreadable {
  if (text.length > LONGEST_LINE) return { problem: `has more than ${LONGEST_LINE} characters` };
  if (!isCleanText(text)) return { problem: "has control or invisible characters" };
  try {
    return readLine(
      { text, at: 0, words: 0, marks: 0, depth: 0, comments: false, substitution: readSubstitution },
      false,
    );
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: `cannot be read: ${error.message}` };
    throw error;
  }
}

function readSubstitution(scanner: Scanner): Line {
  scanner.depth += 1;
  if (scanner.depth > DEEPEST) unreadable("substitutions are nested too deeply");
  const line = readLine(scanner, true);
  scanner.depth -= 1;
  return line;
}

/** Reads to the end of the text, or of the substitution. */
function readLine(scanner: Scanner, nested: boolean): Line {
  const pipelines: Pipeline[] = [];
  /** `&&` or `||` stands before, so that a pipeline must follow. */
  let due = false;
  for (;;) {
    skipBlankLines(scanner);
    const char = scanner.text[scanner.at];
    if (char === undefined || (nested && char === ")")) break;
    pipelines.push(readPipeline(scanner));
    due = readSeparator(scanner);
  }
  if (due) unreadable("nothing stands behind `&&` or `||`");
  if (nested) {
    if (scanner.text[scanner.at] !== ")") unreadable("a `$(` is not closed");
    scanner.at += 1;
  }
  return { pipelines, comments: scanner.comments };
}

/** Skips blanks, line breaks and comments. */
function skipBlankLines(scanner: Scanner): void {
  for (;;) {
    skipBlanks(scanner);
    if (scanner.text[scanner.at] !== "\n") return;
    scanner.at += 1;
  }
}

/** Skips blanks, joined lines and one comment. */
function skipBlanks(scanner: Scanner): void {
  const { text } = scanner;
  let { at } = scanner;
  let char = text[at];
  for (; at < text.length; char = text[at]) {
    if (char === " " || char === "\t") at += 1;
    else if (char === "\\" && text[at + 1] === "\n") at += 2;
    else break;
  }
  scanner.at = at;
  if (char !== "#") return;
  const end = text.indexOf("\n", at);
  scanner.at = end === -1 ? text.length : end;
  scanner.comments = true;
}

/** Reads what stands behind a pipeline; true for `&&` and `||`, which need another one. */
function readSeparator(scanner: Scanner): boolean {
  const char = scanner.text[scanner.at];
  const next = scanner.text[scanner.at + 1];
  if (char === ";") {
    if (next === ";") unreadable("it has `;;`");
    scanner.at += 1;
    return false;
  }
  if ((char === "&" || char === "|") && next === char) {
    scanner.at += 2;
    return true;
  }
  if (char === "&") unreadable("it has a `&`, which runs in the background");
  return false;
}

function readPipeline(scanner: Scanner): Pipeline {
  const commands: SimpleCommand[] = [readCommand(scanner)];
  while (scanner.text[scanner.at] === "|" && scanner.text[scanner.at + 1] !== "|") {
    if (scanner.text[scanner.at + 1] === "&") unreadable("it has `|&`");
    scanner.at += 1;
    skipBlankLines(scanner);
    commands.push(readCommand(scanner));
  }
  return commands;
}

/** Words that a shell reads as syntax where a command starts. */
const RESERVED = new Set(
  "! { } [[ ]] if then else elif fi do done case esac while until for select in function coproc".split(" "),
);

const DIGITS = /^[0-9]+$/;

const NO_WORDS: readonly Word[] = [];
const NO_REDIRECTIONS: readonly Redirection[] = [];

/** Reads one simple command, up to an operator that ends it. */
function readCommand(scanner: Scanner): SimpleCommand {
  const words: Word[] = [];
  let assignments = NO_WORDS;
  let redirections = NO_REDIRECTIONS;
  for (;;) {
    skipBlanks(scanner);
    const plain = readPlainWord(scanner);
    if (plain !== undefined) {
      countWord(scanner);
      words.push(plain);
      continue;
    }
    const char = scanner.text[scanner.at];
    if (char === "(") unreadable("it has a `(`; quote it where a program needs it");
    if (char === "<" || char === ">" || (char === "&" && scanner.text[scanner.at + 1] === ">")) {
      redirections = [...redirections, readRedirection(scanner)];
      continue;
    }
    if (char === undefined || isCommandEnd(char)) break;
    const word = countedWord(scanner);
    if (isDescriptor(word, scanner)) continue;
    if (words.length === 0 && word.assigns !== -1) assignments = [...assignments, word];
    else words.push(word);
  }
  const [program] = words;
  if (program === undefined && assignments.length === 0 && redirections.length === 0)
    unreadable("a command is missing");
  if (program?.plain === true && RESERVED.has(program.text)) unreadable(`it has the shell's word \`${program.text}\``);
  return { assignments, words, redirections };
}

function isCommandEnd(char: string): boolean {
  return char === "\n" || char === ";" || char === "&" || char === "|" || char === ")";
}

function countedWord(scanner: Scanner): Word {
  countWord(scanner);
  return readWord(scanner);
}

function countWord(scanner: Scanner): void {
  scanner.words += 1;
  if (scanner.words > MOST_WORDS) unreadable(`it has more than ${MOST_WORDS} words`);
}

/** The `2` of `2>file`. */
function isDescriptor(word: Word, scanner: Scanner): boolean {
  const char = scanner.text[scanner.at];
  return (char === "<" || char === ">") && word.plain && DIGITS.test(word.text);
}

/** Longest first, so that `>>` is not read as two. */
const REDIRECTIONS: readonly RedirectionOperator[] = ["&>>", "&>", ">>", ">|", ">&", "<>", "<&", ">", "<"];

function readRedirection(scanner: Scanner): Redirection {
  if (scanner.text.startsWith("<<", scanner.at)) unreadable("it has a here-document");
  const operator = REDIRECTIONS.find((candidate) => scanner.text.startsWith(candidate, scanner.at));
  if (operator === undefined) return unreadable("it has an unknown redirection");
  scanner.at += operator.length;
  // `<(` and `>(` come to a parenthesis here, too.
  skipBlanks(scanner);
  const char = scanner.text[scanner.at];
  if (char === undefined || char === "(" || char === "<" || char === ">" || isCommandEnd(char)) {
    return unreadable("a redirection goes nowhere, or it is a process substitution");
  }
  return { operator, target: countedWord(scanner) };
}
