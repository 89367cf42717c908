import type { CST } from "yaml";
import type { Located, LocatedMember } from "../located.ts";
import { type Between, isBlock } from "./between.ts";
import { checkColon, type Key } from "./keys.ts";
import { type Mark, type Reading, refuseSyntax } from "./reading.ts";

/** One entry of a collection, with what the library leaves out or sets to null made undefined. */
export interface Item {
  readonly start: readonly Mark[];
  readonly key: CST.Token | undefined;
  readonly sep: readonly Mark[] | undefined;
  readonly value: CST.Token | undefined;
}

/** The entry of a token. */
export function itemOf({ start, key, sep, value }: CST.CollectionItem): Item {
  return { start, key: key ?? undefined, sep, value };
}

/** Only spaces and comments: what is left of the last lines of a block, or stands behind a last comma. */
export function isBlank({ key, sep, value }: Item, { indicator, hasProperties }: Between): boolean {
  return indicator === undefined && !hasProperties && sep === undefined && key === undefined && value === undefined;
}

/** The pairs of one block by their keys. */
export type Members = Map<string, LocatedMember>;

/** Adds a pair; a key that stands twice is refused, however it is written. */
export function addMember(members: Members, { name, place }: Key, value: Located, { report }: Reading): void {
  if (name === undefined) return;
  if (members.has(name)) report("yaml_duplicate_key", place, `the key \`${name}\` stands twice in one block`);
  else members.set(name, { keyPlace: place, value });
}

/** A key without a colon means nothing but itself: inside brackets, and behind `?`. */
export function checkLoneKey({ key, value }: Item, before: Between, inFlow: boolean, reading: Reading): void {
  const isExplicit = before.indicator !== undefined;
  if (inFlow && value !== undefined) {
    refuseSyntax(reading, value.offset, "a comma, or a colon and a space, is missing");
  } else if (!inFlow && (!isExplicit || value !== undefined)) {
    refuseSyntax(reading, key?.offset ?? before.end, "a key must be followed by `:` and a space");
  }
}

/** What the colon of a key without `?` allows: a near one, and a block of keys only on the lines below it. */
export function checkBlockColon(
  colon: Mark,
  next: CST.Token | undefined,
  before: Between,
  { hasNewline }: Between,
  reading: Reading,
): void {
  checkColon(colon, before, reading);
  if (next?.type === "block-map" && !hasNewline) {
    refuseSyntax(reading, next.offset, "a block of keys cannot start on the line of its key");
  }
}

/** Refuses what needs indentation where there is none. */
export function refuseBlock(token: CST.Token | undefined, reading: Reading): void {
  if (isBlock(token)) refuseSyntax(reading, token.offset, "a block cannot stand inside brackets");
}
