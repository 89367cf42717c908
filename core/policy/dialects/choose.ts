import { document, type ReadDocument } from "../language/document.ts";
import type { Located } from "../located.ts";
import type { Reader } from "../readers.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { openLeash } from "./openleash.ts";

/** What may stand beside `tools` in Gatekeeper's form. */
const GATEKEEPER_KEYS: ReadonlySet<string> = new Set(["tools", "budgets", "principals"]);

/**
 * Tells by its keys in which language a document is written: ours says `leash: 1`, OpenLeash's `version: 1`, Gatekeeper's has
 * `tools` and nothing that is ours. Whatever says none of these is read, and refused, as ours.
 */
export function readerOf(node: Located): Reader<ReadDocument> {
  if (node.kind !== "map" || node.members.has("leash")) return document;
  if (node.members.has("version")) return openLeash;
  const isGatekeeper = node.members.has("tools") && [...node.members.keys()].every((key) => GATEKEEPER_KEYS.has(key));
  return isGatekeeper ? gatekeeper : document;
}
