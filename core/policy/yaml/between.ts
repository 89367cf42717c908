import type { CST } from "yaml";
import { type Mark, type Reading, refuseSyntax } from "./reading.ts";

/** Where the marks before a node stand. */
export interface Surroundings {
  /** The one indicator that belongs here. */
  readonly indicator: "doc-start" | "explicit-key-ind" | "map-value-ind" | "seq-item-ind";
  readonly inFlow: boolean;
  /** What follows the marks. */
  readonly next: CST.Token | null | undefined;
  /** Where the marks start. */
  readonly offset: number;
  /** Columns that the block around them is indented. */
  readonly indent: number;
  readonly onNewLine: boolean;
  /** RFC 6901 pointer of the node that follows. */
  readonly pointer: string;
}

/** What stands between two nodes. */
export interface Between {
  readonly indicator: Mark | undefined;
  readonly comma: Mark | undefined;
  readonly hasNewline: boolean;
  readonly hasComment: boolean;
  readonly hasProperties: boolean;
  /** Where the next node starts. */
  readonly end: number;
}

/** What was found so far. */
type Finding = { -readonly [Key in keyof Between]: Between[Key] } & {
  /** A space that may stand where nothing but spaces indents. */
  tab: Mark | undefined;
  atNewline: boolean;
  /** A comment may follow. */
  spaced: boolean;
};

/**
 * Reads the marks before a node by the rules of the library's composer: one indicator at most, spaces around comments, no tab
 * where it would indent. Anchors and tags are refused here.
 */
export function readBetween(marks: readonly Mark[], around: Surroundings, reading: Reading): Between {
  const { offset, onNewLine, next, indent } = around;
  const last = marks.at(-1);
  const found: Finding = {
    indicator: undefined,
    comma: undefined,
    hasNewline: false,
    hasComment: false,
    hasProperties: false,
    end: last === undefined ? offset : last.offset + last.source.length,
    tab: undefined,
    atNewline: onNewLine,
    spaced: onNewLine,
  };
  for (const mark of marks) {
    const { tab } = found;
    if (tab !== undefined && found.atNewline && mark.type !== "comment" && mark.type !== "newline") {
      refuseTab(tab, reading);
    }
    found.tab = undefined;
    if (!takeBlank(mark, found, around, reading)) takeMark(mark, found, around, reading);
  }
  const { tab } = found;
  if (tab !== undefined && ((found.atNewline && tab.indent <= indent) || isBlock(next))) refuseTab(tab, reading);
  return found;
}

/** Takes a space, a line end or a comment; false for anything else. */
function takeBlank(mark: Mark, found: Finding, around: Surroundings, reading: Reading): boolean {
  switch (mark.type) {
    case "space":
      if (mayIndent(around) && mark.source.includes("\t")) found.tab = mark;
      found.spaced = true;
      return true;
    case "newline":
      found.atNewline = true;
      found.spaced = true;
      found.hasNewline = true;
      return true;
    case "comment":
      if (!found.spaced) refuseSyntax(reading, mark.offset, "a space must stand before `#`");
      found.hasComment = true;
      found.atNewline = false;
      return true;
    default:
      return false;
  }
}

function takeMark(mark: Mark, found: Finding, { indicator, inFlow, pointer }: Surroundings, reading: Reading): void {
  found.spaced = false;
  found.atNewline = mark.type === indicator && (indicator === "seq-item-ind" || indicator === "explicit-key-ind");
  switch (mark.type) {
    case "anchor":
    case "tag":
      refuseProperty(mark, pointer, reading);
      found.hasProperties = true;
      break;
    case indicator:
      if (found.indicator !== undefined) refuseMark(mark, reading);
      found.indicator = mark;
      break;
    case "comma":
      if (!inFlow || found.comma !== undefined) refuseMark(mark, reading);
      found.comma = mark;
      break;
    default:
      refuseMark(mark, reading);
  }
}

/** A block map or block list. */
export function isBlock(token: CST.Token | null | undefined): token is CST.BlockMap | CST.BlockSequence {
  return token?.type === "block-map" || token?.type === "block-seq";
}

/** Inside brackets, and before a bracket that is the whole document, spaces mean nothing. */
function mayIndent({ inFlow, indicator, next }: Surroundings): boolean {
  return !inFlow && (indicator !== "doc-start" || next?.type !== "flow-collection");
}

function refuseTab(tab: Mark, reading: Reading): void {
  refuseSyntax(reading, tab.offset, "a tab cannot indent; use spaces");
}

function refuseMark({ offset, source }: Mark, reading: Reading): void {
  refuseSyntax(reading, offset, `${JSON.stringify(source)} is out of place here`);
}

function refuseProperty({ type, offset }: Mark, pointer: string, { report }: Reading): void {
  const place = { offset, pointer };
  if (type === "tag") report("yaml_tag", place, "tags (`!name`) are not used in policies");
  else
    report("yaml_alias", place, "anchors (`&name`) are not used in policies", "write the value out where it is needed");
}

/** Where a value that is not there would stand: behind its indicator, not on a later line. */
export function emptyPlace(marks: readonly Mark[], end: number): number {
  let offset = end;
  let at = marks.length - 1;
  for (; at >= 0; at -= 1) {
    const mark = marks[at];
    if (mark?.type !== "space" && mark?.type !== "comment" && mark?.type !== "newline") break;
    offset -= mark.source.length;
  }
  for (at += 1; marks[at]?.type === "space"; at += 1) offset += marks[at]?.source.length ?? 0;
  return offset;
}
