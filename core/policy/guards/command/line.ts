/** A word of a command line after quotes and escapes are resolved: what the program gets, as far as the text tells. */
export interface Word {
  /** The value. Wild characters stand as they were written, a part whose value is not known as `$`, the home folder as `~`. */
  readonly text: string;
  /** Where in `text` wild characters (`*`, `?`, `[`, `]`) and unknown parts (`$`) stand; empty where all is literal. */
  readonly marks: ReadonlySet<number>;
  /** It holds a pattern that a shell replaces by names of files. */
  readonly glob: boolean;
  /** It is written with a substitution, or in a form that shells read differently. */
  readonly substituted: boolean;
  /** A part of its value is not known. */
  readonly unknown: boolean;
  /** It may become several words, or none. */
  readonly splits: boolean;
  /** Nothing in it is quoted or escaped: only then can it be a reserved word. */
  readonly plain: boolean;
  /** Where the `=` of `NAME=value` stands in `text`; -1 where the word assigns nothing. */
  readonly assigns: number;
  /** The commands of its `$(...)`. */
  readonly nested: readonly Line[];
}

export type RedirectionOperator = "<" | ">" | ">>" | ">|" | "<>" | "&>" | "&>>" | "<&" | ">&";

export interface Redirection {
  readonly operator: RedirectionOperator;
  readonly target: Word;
}

/** One program with its words. */
export interface SimpleCommand {
  /** `NAME=value` before the program. */
  readonly assignments: readonly Word[];
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
}

/** Commands joined by `|`. */
export type Pipeline = readonly SimpleCommand[];

/** A command line: pipelines joined by `&&`, `||`, `;` and line breaks. */
export interface Line {
  readonly pipelines: readonly Pipeline[];
  /** It, or what surrounds it, holds a comment. */
  readonly comments: boolean;
}

export const NO_MARKS: ReadonlySet<number> = new Set();
export const NO_LINES: readonly Line[] = [];

/** A word that stands for itself, such as an element of an argument list. */
export function literalWord(text: string): Word {
  return simpleWord(text, false);
}

/** @param plain true for a word of a command line in which nothing is quoted or escaped. */
export function simpleWord(text: string, plain: boolean): Word {
  return {
    text,
    marks: NO_MARKS,
    glob: false,
    substituted: false,
    unknown: false,
    splits: false,
    plain,
    assigns: -1,
    nested: NO_LINES,
  };
}

/** Every command of a line, those of its substitutions included. */
export function commandsOf(line: Line): readonly SimpleCommand[] {
  const found: SimpleCommand[] = [];
  addCommands(line, found);
  return found;
}

function addCommands(line: Line, found: SimpleCommand[]): void {
  for (const pipeline of line.pipelines) {
    for (const command of pipeline) {
      found.push(command);
      for (const word of wordsOf(command)) {
        for (const nested of word.nested) addCommands(nested, found);
      }
    }
  }
}

/** Every word of a command, wherever it stands. */
export function wordsOf({ assignments, words, redirections }: SimpleCommand): readonly Word[] {
  if (assignments.length === 0 && redirections.length === 0) return words;
  return [...assignments, ...words, ...redirections.map(({ target }) => target)];
}
