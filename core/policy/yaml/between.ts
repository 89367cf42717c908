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

/**
 * Reads the marks before a node by the rules of the library's composer: one indicator at most, spaces around comments, no tab
 * where it would indent. Anchors and tags are refused here.
 */
export function readBetween(marks: readonly Mark[], around: Surroundings, reading: Reading): Between {
  const { inFlow, next } = around;
  let indicator: Mark | undefined;
  let comma: Mark | undefined;
  let tab: Mark | undefined;
  let atNewline = around.onNewLine;
  let spaced = around.onNewLine;
  let hasNewline = false;
  let hasComment = false;
  let hasProperties = false;
  for (const mark of marks) {
    if (tab !== undefined && atNewline && mark.type !== "comment" && mark.type !== "newline") refuseTab(tab, reading);
    tab = undefined;
    switch (mark.type) {
      case "space":
        if (mayIndent(around) && mark.source.includes("\t")) tab = mark;
        spaced = true;
        continue;
      case "newline":
        atNewline = spaced = hasNewline = true;
        continue;
      case "comment":
        if (!spaced) refuseSyntax(reading, mark.offset, "a space must stand before `#`");
        hasComment = true;
        atNewline = false;
        continue;
      case "anchor":
      case "tag":
        refuseProperty(mark, around.pointer, reading);
        hasProperties = true;
        break;
      case around.indicator:
        if (indicator !== undefined) refuseMark(mark, reading);
        indicator = mark;
        break;
      case "comma":
        if (!inFlow || comma !== undefined) refuseMark(mark, reading);
        comma = mark;
        break;
      default:
        refuseMark(mark, reading);
    }
    atNewline = mark === indicator && (mark.type === "seq-item-ind" || mark.type === "explicit-key-ind");
    spaced = false;
  }
  if (tab !== undefined && ((atNewline && tab.indent <= around.indent) || isBlock(next))) refuseTab(tab, reading);
  const last = marks.at(-1);
  const end = last === undefined ? around.offset : last.offset + last.source.length;
  return { indicator, comma, hasNewline, hasComment, hasProperties, end };
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
