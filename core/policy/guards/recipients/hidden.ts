import type { Json, JsonObject } from "../../../model/json.ts";
import { isJsonObject } from "../../../strict-json.ts";
import { valueAt } from "../../language/paths.ts";

/** Members by which mail tools know recipients; without case, hyphens and underscores. */
const RECIPIENT_NAMES: ReadonlySet<string> = new Set(
  ["to", "cc", "bcc"]
    .flatMap((name) => [name, ...["recipient", "address", "email"].map((kind) => name + kind)])
    .flatMap((name) => [name, `${name}s`, `${name}es`])
    .concat(["recipient", "recipients", "rcpt", "rcptto", "envelope", "envelopeto", "destination", "destinations"])
    .concat(["resentto", "resentcc", "apparentlyto", "deliveredto", "copyto", "blindcopy", "carboncopy", "forwardto"])
    .concat(["additionalrecipients", "otherrecipients", "personalizations", "mailto", "addressee", "addressees"]),
);

/** Members that become one line of a mail's header. */
const LINE_NAMES: ReadonlySet<string> = new Set([
  "subject",
  "from",
  "fromname",
  "fromemail",
  "sender",
  "replyto",
  "returnpath",
  "inreplyto",
  "references",
  "messageid",
]);

const HEADER_NAMES: ReadonlySet<string> = new Set([
  "header",
  "headers",
  "customheaders",
  "extraheaders",
  "mailheaders",
]);

// oxlint-disable-next-line no-control-regex
const LINE_BREAK = /[\u0000\n\r\u000b\u000c\u0085\u2028\u2029]/;

const BLIND_COPY_LINE = /(?:^|[\r\n])(?:resent-)?bcc[ \t]*:/i;

/** A part of the input, and whether it is of a mail's header. */
type Part = readonly [value: Json, inHeader: boolean];

/**
 * True when the input may send to somebody at a place that no listed path names: a member that mail tools take for recipients
 * stands beside a listed one, at the top or in a header; a blind copy stands anywhere; or a header's line has a break in it.
 * @param listed the paths that the policy knows recipients at.
 */
export function hidesRecipients(input: Json, listed: readonly (readonly string[])[]): boolean {
  const known = knownMembers(input, listed);
  const open: Part[] = [[input, false]];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const [value, inHeader] = part;
    if (typeof value === "string") {
      if (isHiddenText(value, inHeader)) return true;
    } else if (isList(value)) {
      for (const item of value) open.push([item, inHeader]);
    } else if (isJsonObject(value)) {
      const names = known.get(value);
      for (const [name, member] of Object.entries(value)) {
        if (names?.has(name) === true) continue;
        const folded = foldName(name);
        if (isHiddenMember(folded, member, inHeader || names !== undefined)) return true;
        open.push([member, inHeader || HEADER_NAMES.has(folded)]);
      }
    }
  }
  return false;
}

/** The objects that hold listed members, and the input itself, each with the names of those members. */
function knownMembers(
  input: Json,
  listed: readonly (readonly string[])[],
): ReadonlyMap<JsonObject, ReadonlySet<string>> {
  const known = new Map<JsonObject, Set<string>>();
  if (isJsonObject(input)) known.set(input, new Set());
  for (const steps of listed) {
    const parent = valueAt(input, steps.slice(0, -1));
    const name = steps.at(-1);
    if (!isJsonObject(parent) || name === undefined) continue;
    known.set(parent, (known.get(parent) ?? new Set()).add(name));
  }
  return known;
}

function isHiddenMember(name: string, value: Json, beside: boolean): boolean {
  if (value === null || value === "" || (isList(value) && value.length === 0)) return false;
  if (name.includes("bcc") || (beside && RECIPIENT_NAMES.has(name))) return true;
  return LINE_NAMES.has(name) && typeof value === "string" && LINE_BREAK.test(value);
}

/** In a header, also the name of a line that stands as a value: `{ name: "Cc", value: … }`. */
function isHiddenText(text: string, inHeader: boolean): boolean {
  return BLIND_COPY_LINE.test(text) || (inHeader && (LINE_BREAK.test(text) || RECIPIENT_NAMES.has(foldName(text))));
}

function foldName(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
