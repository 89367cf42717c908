import type { CST } from "yaml";
import type { IssueCode, Report } from "../issues.ts";

/** One reading of one text. `end` and `failed` move along while the tokens are read. */
export interface Reading {
  readonly text: string;
  readonly report: Report;
  /** Offset behind the node that was read last, with the spaces and comments that belong to it. */
  end: number;
  /** True after the first thing that made the text unreadable: what follows is mostly its echo, so nothing more is told. */
  failed: boolean;
}

/** A token that stands alone: an indicator, a space, a comment. */
export type Mark = CST.SourceToken;

const HINT = "a condition with `!`, `[`, `{`, `#` or a comma must stand in quotes";

/** A reading of a text that begins. */
export function startReading(text: string, report: Report): Reading {
  const reading: Reading = {
    text,
    end: 0,
    failed: false,
    report(...issue) {
      if (!reading.failed) report(...issue);
    },
  };
  return reading;
}

/** Reports what makes the whole text unreadable, and nothing more after it. */
export function refuseText(reading: Reading, code: IssueCode, offset: number, message: string, hint?: string): void {
  reading.report(code, { offset, pointer: "" }, message, hint);
  reading.failed = true;
}

/** Reports what is no YAML. */
export function refuseSyntax(reading: Reading, offset: number, message: string): void {
  refuseText(reading, "yaml_syntax", offset, `YAML: ${message}`, HINT);
}

/**
 * Reads what may stand behind a node before the next one begins: spaces, line ends and comments.
 * @param spaced whether a space or a line's start comes before them, so that a comment may follow. Default false.
 * @returns the offset behind them.
 */
export function endOf(marks: readonly Mark[] | undefined, start: number, reading: Reading, spaced = false): number {
  let end = start;
  let mayComment = spaced;
  for (const { type, offset, source } of marks ?? []) {
    if (type === "comment" && !mayComment) refuseSyntax(reading, offset, "a space must stand before `#`");
    if (type === "space" || type === "newline") mayComment = true;
    else if (type !== "comment") refuseSyntax(reading, offset, `${JSON.stringify(source)} is out of place here`);
    end += source.length;
  }
  return end;
}
