import type { CST } from "yaml";
import type { Place } from "../issues.ts";
import { below, type Located, type LocatedList, type LocatedMap } from "../located.ts";
import { type Between, emptyPlace, isBlock, readBetween } from "./between.ts";
import {
  addMember,
  checkBlockColon,
  checkLoneKey,
  isBlank,
  type Item,
  itemOf,
  type Members,
  refuseBlock,
} from "./items.ts";
import { checkColon, checkOneLine, readKey } from "./keys.ts";
import { endOf, type Mark, type Reading, refuseSyntax } from "./reading.ts";
import { emptyAt, isScalar, readScalar } from "./scalars.ts";

/**
 * Reads a token and everything below it, by the rules of the library's composer and no laxer than it. Recurses once for each
 * level of the tokens.
 */
function readNode(token: CST.Token, pointer: string, reading: Reading): Located {
  const place: Place = { offset: token.offset, pointer };
  if (isScalar(token)) return readScalar(token, place, reading);
  switch (token.type) {
    case "block-map":
      return readBlockMap(token, place, reading);
    case "block-seq":
      return readBlockList(token, place, reading);
    case "flow-collection":
      return token.start.source === "{" ? readFlowMap(token, place, reading) : readFlowList(token, place, reading);
    case "alias":
      reading.report("yaml_alias", place, "aliases (`*name`) are not used in policies", "write the value out");
      reading.end = endOf(token.end, token.offset + token.source.length, reading);
      return emptyAt(place);
    default:
      refuseSyntax(reading, token.offset, token.type === "error" ? token.message : "this is out of place here");
      return emptyAt(place);
  }
}

/** A value that is not there: where it would stand. */
function readEmpty(marks: readonly Mark[], between: Between, pointer: string, reading: Reading): Located {
  const offset = emptyPlace(marks, between.end);
  reading.end = between.hasComment ? between.end : offset;
  return emptyAt({ offset, pointer });
}

function readBlockMap(token: CST.BlockMap, place: Place, reading: Reading): LocatedMap {
  const { indent, items } = token;
  const { pointer } = place;
  const members: Members = new Map();
  let blankEnd: number | undefined;
  reading.end = place.offset;
  for (const entry of items) {
    if (reading.failed) break;
    const item = itemOf(entry);
    const next = item.key ?? item.sep?.[0];
    const before = readBetween(
      item.start,
      { indicator: "explicit-key-ind", inFlow: false, next, offset: reading.end, indent, onNewLine: true, pointer },
      reading,
    );
    if (isBlank(item, before)) {
      blankEnd = before.end;
      continue;
    }
    const column = before.indicator ?? item.key;
    if (column !== undefined && "indent" in column && column.indent !== indent) {
      refuseSyntax(reading, column.offset, "the keys of one block must start at the same column");
    }
    if (before.indicator === undefined) checkOneLine(item.key, reading);
    readPair(item, before, { inFlow: false, indent, pointer, members }, reading);
  }
  endBlock(blankEnd, reading);
  return { kind: "map", members, place };
}

/** Comments that belong to no key stand last in a block. */
function endBlock(blankEnd: number | undefined, reading: Reading): void {
  if (blankEnd === undefined) return;
  if (blankEnd < reading.end) refuseSyntax(reading, blankEnd, "a block goes on behind its end");
  reading.end = blankEnd;
}

/** The collection that a pair belongs to. */
interface Owner {
  readonly inFlow: boolean;
  readonly indent: number;
  readonly pointer: string;
  readonly members: Members;
}

function readPair(item: Item, before: Between, owner: Owner, reading: Reading): void {
  const { sep = [], value: next } = item;
  const { inFlow, indent, members } = owner;
  const key = readKey(item.key, before, owner.pointer, reading);
  const { pointer } = key.place;
  const onNewLine = !inFlow && (item.key === undefined || item.key.type === "block-scalar");
  const between = readBetween(
    sep,
    { indicator: "map-value-ind", inFlow, next, offset: reading.end, indent, onNewLine, pointer },
    reading,
  );
  if (between.indicator === undefined) checkLoneKey(item, before, inFlow, reading);
  else if (inFlow) refuseBlock(next, reading);
  else if (before.indicator === undefined) checkBlockColon(between.indicator, next, before, between, reading);
  if (reading.failed) return;
  let value: Located;
  if (next !== undefined) value = readNode(next, pointer, reading);
  else if (between.indicator !== undefined) value = readEmpty(sep, between, pointer, reading);
  else {
    value = emptyAt(key.place);
    reading.end = between.end;
  }
  addMember(members, key, value, reading);
}

function readBlockList({ indent, items }: CST.BlockSequence, place: Place, reading: Reading): LocatedList {
  const nodes: Located[] = [];
  let blankEnd: number | undefined;
  reading.end = place.offset;
  for (const { start, value: next } of items) {
    if (reading.failed) break;
    const pointer = below(place.pointer, nodes.length);
    const between = readBetween(
      start,
      { indicator: "seq-item-ind", inFlow: false, next, offset: reading.end, indent, onNewLine: true, pointer },
      reading,
    );
    if (between.indicator === undefined) {
      if (next !== undefined || between.hasProperties) {
        refuseSyntax(
          reading,
          next?.offset ?? between.end,
          "the items of one list must start with `-` at the same column",
        );
      }
      blankEnd = between.end;
      continue;
    }
    nodes.push(next === undefined ? readEmpty(start, between, pointer, reading) : readNode(next, pointer, reading));
  }
  endBlock(blankEnd, reading);
  return { kind: "list", items: nodes, place };
}

function readFlowMap(token: CST.FlowCollection, place: Place, reading: Reading): LocatedMap {
  const { indent } = token;
  const { pointer } = place;
  const members: Members = new Map();
  readFlowItems(token, pointer, reading, (item, before) => {
    readPair(item, before, { inFlow: true, indent, pointer, members }, reading);
  });
  endFlow(token, "}", reading);
  return { kind: "map", members, place };
}

function readFlowList(token: CST.FlowCollection, place: Place, reading: Reading): LocatedList {
  const { indent } = token;
  const nodes: Located[] = [];
  readFlowItems(token, place.pointer, reading, (item, before) => {
    const { start, key, sep, value } = item;
    const pointer = below(place.pointer, nodes.length);
    if (sep !== undefined || before.indicator !== undefined || key !== undefined) {
      nodes.push(readOnlyPair(item, before, { inFlow: true, indent, pointer, members: new Map() }, reading));
      return;
    }
    refuseBlock(value, reading);
    if (reading.failed) return;
    nodes.push(value === undefined ? readEmpty(start, before, pointer, reading) : readNode(value, pointer, reading));
  });
  endFlow(token, "]", reading);
  return { kind: "list", items: nodes, place };
}

/** `[a: 1]` is a list of one block with one key. */
function readOnlyPair(item: Item, before: Between, owner: Owner, reading: Reading): LocatedMap {
  const { key, sep = [] } = item;
  if (before.indicator === undefined) {
    checkOneLine(key, reading);
    const colon = sep.find(({ type }) => type === "map-value-ind");
    if (colon !== undefined) {
      checkColon(colon, before, reading);
      if (sep.slice(0, sep.indexOf(colon)).some(({ type }) => type === "newline")) {
        refuseSyntax(reading, colon.offset, "a key in a list must stand on the line of its colon");
      }
    }
  }
  readPair(item, before, owner, reading);
  return { kind: "map", members: owner.members, place: { offset: key?.offset ?? before.end, pointer: owner.pointer } };
}

function readFlowItems(
  { offset, start, items, indent }: CST.FlowCollection,
  pointer: string,
  reading: Reading,
  readItem: (item: Item, before: Between) => void,
): void {
  reading.end = offset + start.source.length;
  for (const [index, entry] of items.entries()) {
    if (reading.failed) return;
    const item = itemOf(entry);
    const next = item.key ?? item.sep?.[0];
    const before = readBetween(
      item.start,
      { indicator: "explicit-key-ind", inFlow: true, next, offset: reading.end, indent, onNewLine: false, pointer },
      reading,
    );
    const isFirst = index === 0;
    const hasComma = before.comma !== undefined;
    if (isBlank(item, before)) {
      if ((isFirst && hasComma) || index < items.length - 1) refuseSyntax(reading, before.end, "an item is empty");
      reading.end = before.end;
      continue;
    }
    if (isFirst === hasComma) {
      refuseSyntax(reading, before.comma?.offset ?? before.end, "items must be separated by one comma");
    }
    readItem(item, before);
  }
}

function endFlow({ end: [bracket, ...rest] }: CST.FlowCollection, expected: "}" | "]", reading: Reading): void {
  if (bracket?.source !== expected) {
    refuseSyntax(reading, reading.end, `\`${expected}\` is missing, or not indented enough`);
    return;
  }
  reading.end = endOf(rest, bracket.offset + 1, reading);
}

/** Reads a document's token; undefined where it holds nothing. */
export function readDocument({ offset, start, value, end }: CST.Document, reading: Reading): Located | undefined {
  const before = readBetween(
    start,
    { indicator: "doc-start", inFlow: false, next: value ?? end?.[0], offset, indent: 0, onNewLine: true, pointer: "" },
    reading,
  );
  if (before.indicator !== undefined && isBlock(value) && !before.hasNewline) {
    refuseSyntax(reading, value.offset, "a block cannot start on the line of `---`");
  }
  reading.end = before.end;
  const root = value === undefined ? undefined : readNode(value, "", reading);
  reading.end = endOf(end, reading.end, reading, true);
  return root;
}
