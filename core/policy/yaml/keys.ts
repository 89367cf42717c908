import type { CST } from "yaml";
import type { Place } from "../issues.ts";
import { below } from "../located.ts";
import type { Between } from "./between.ts";
import { type Mark, type Reading, refuseSyntax } from "./reading.ts";
import { isScalar, readPlain, readText } from "./scalars.ts";

/** Characters between the start of a key and its colon (YAML 1.2.2, section 7.4.2): how far a reader must look ahead. */
const LONGEST_KEY = 1024;

/** Names that reach a prototype when an object is built carelessly are no names here. */
const REFUSED_KEYS: ReadonlySet<string> = new Set(["__proto__"]);

/** A key of a block. */
export interface Key {
  /** Undefined where the key was refused. */
  readonly name: string | undefined;
  /** Where the key stands, with the pointer of its value. */
  readonly place: Place;
}

/**
 * Reads the key of a pair.
 * @param token undefined where the pair starts with its colon.
 * @param before what stands before the key.
 * @param pointer of the block that the key belongs to.
 */
export function readKey(token: CST.Token | undefined, before: Between, pointer: string, reading: Reading): Key {
  const place: Place = { offset: token?.offset ?? before.end, pointer };
  const { report } = reading;
  if (token === undefined || !isScalar(token)) {
    if (token?.type === "alias") report("yaml_alias", place, "aliases (`*name`) are not used in policies");
    else report("yaml_key", place, "a key must be a text", "put it in quotes");
    reading.end = place.offset;
    return { name: undefined, place };
  }
  const { value, isPlain } = readText(token, reading);
  if (isPlain && typeof readPlain(value) !== "string") {
    report("yaml_key", place, "a key must be a text", "put it in quotes");
  } else if (isPlain && value === "<<") {
    report("yaml_merge_key", place, "merge keys (`<<`) are not used in policies", "write the keys out");
  } else if (REFUSED_KEYS.has(value) || !value.isWellFormed()) {
    report("yaml_key", place, `${JSON.stringify(value)} cannot be a key`);
  } else {
    return { name: value, place: { offset: place.offset, pointer: below(pointer, value) } };
  }
  return { name: undefined, place };
}

/** A key that no `?` announces stands on one line; of other keys than scalars none is read. */
export function checkOneLine(key: CST.Token | undefined, reading: Reading): void {
  if (key === undefined || !("source" in key)) return;
  const end = "end" in key ? key.end : undefined;
  if (
    key.type === "block-scalar" ||
    key.source.includes("\n") ||
    end?.some(({ type }) => type === "newline") === true
  ) {
    refuseSyntax(reading, key.offset, "a key must stand on one line");
  }
}

/** The colon of such a key is near. */
export function checkColon(colon: Mark, before: Between, reading: Reading): void {
  if (before.end < colon.offset - LONGEST_KEY) {
    refuseSyntax(reading, before.end, `a key has at most ${LONGEST_KEY} characters`);
  }
}
