import type { Json } from "../model/json.ts";
import type { Place } from "./issues.ts";

/** A value of a policy text together with where it stands: what the readers of `language/` read. */
export type Located = LocatedScalar | LocatedList | LocatedMap;

export interface LocatedScalar {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  readonly place: Place;
  /** Offset of the value's first character where the text shows the value letter by letter; else undefined. */
  readonly verbatimAt: number | undefined;
}

export interface LocatedList {
  readonly kind: "list";
  readonly items: readonly Located[];
  readonly place: Place;
}

export interface LocatedMap {
  readonly kind: "map";
  /** By key; a Map, because keys come from outside. */
  readonly members: ReadonlyMap<string, LocatedMember>;
  readonly place: Place;
}

export interface LocatedMember {
  readonly keyPlace: Place;
  readonly value: Located;
}

/** The plain document: what digests cover. Never holds a key `__proto__`, the YAML reader refuses it. */
export function toJson(node: Located): Json {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toJson);
  const json: Record<string, Json> = {};
  for (const [key, { value }] of node.members) json[key] = toJson(value);
  return json;
}

/** What a node is, for messages. */
export function describe(node: Located): string {
  if (node.kind === "list") return "a list";
  if (node.kind === "map") return "a block of keys";
  if (node.value === null) return "nothing";
  if (typeof node.value === "boolean") return String(node.value);
  return typeof node.value === "number" ? "a number" : "a text";
}

const RESERVED = /[~/]/;

/** RFC 6901: one step further down. */
export function below(pointer: string, step: string | number): string {
  // One of these for each node of a document, and hardly a step with anything to escape.
  if (typeof step === "number" || !RESERVED.test(step)) return `${pointer}/${step}`;
  return `${pointer}/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
