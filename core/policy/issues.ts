import type { PolicyIssue } from "../model/policy.ts";

/** Every kind of thing that can be wrong with a policy text. Public, so that editors and tests can switch on it. */
export const ISSUE_CODES = [
  "yaml_size",
  "yaml_bom",
  "yaml_character",
  "yaml_depth",
  "yaml_syntax",
  "yaml_directive",
  "yaml_documents",
  "yaml_empty",
  "yaml_alias",
  "yaml_tag",
  "yaml_merge_key",
  "yaml_key",
  "yaml_duplicate_key",
  "yaml_number",
  "yaml_text",
  "unknown_key",
  "unsupported",
  "missing_key",
  "misplaced_key",
  "wrong_type",
  "bad_value",
  "bad_duration",
  "bad_name",
  "bad_pattern",
  "bad_path",
  "bad_host",
  "bad_condition",
  "bad_extends",
  "failed_test",
  "duplicate",
  "dead_rule",
] as const;

export type IssueCode = (typeof ISSUE_CODES)[number];

/** Where something stands in a policy text. */
export interface Place {
  /** UTF-16 units from the start of the text. */
  readonly offset: number;
  /** RFC 6901 pointer into the document. */
  readonly pointer: string;
}

/** Notes one issue. Readers go on after it, so that one load shows all that is wrong. */
export type Report = (code: IssueCode, place: Place, message: string, hint?: string) => void;

export interface IssueList {
  readonly report: Report;
  /** All issues so far, in the order of their places. */
  readonly list: () => readonly PolicyIssue[];
}

/** Issues kept of one text: a text with more is no policy, and its error must stay readable. */
const MOST_ISSUES = 100;

/** Collects issues about `text` and turns their places into lines and columns. */
export function createIssueList(text: string): IssueList {
  const found: { readonly offset: number; readonly issue: PolicyIssue }[] = [];
  const lineStarts = findLineStarts(text);
  return {
    report(code, place, message, hint) {
      if (found.length >= MOST_ISSUES) return;
      const offset = Math.min(Math.max(place.offset, 0), text.length);
      const line = lineOf(lineStarts, offset);
      const column = offset - (lineStarts[line - 1] ?? 0) + 1;
      const issue = { code, message, line, column, pointer: place.pointer, ...(hint === undefined ? {} : { hint }) };
      found.push({ offset, issue });
    },
    list: () => found.toSorted((a, b) => a.offset - b.offset).map(({ issue }) => issue),
  };
}

function findLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** The last line that starts at or before `offset`, counted from 1. */
function lineOf(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
