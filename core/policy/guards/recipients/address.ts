import { createHostTable, type HostTable, normalizeHost, parseHostPattern } from "../../hosts.ts";

/** A mailbox in the one form that addresses are compared in: lower case, the domain as `normalizeHost` gives it. */
export interface Address {
  readonly local: string;
  readonly domain: string;
}

/** UTF-16 units of one text; more than a header may sensibly hold. */
const LONGEST_LIST = 65_536;

/** RFC 5321: octets of a local part and of a whole path without its angle brackets. */
const LONGEST_LOCAL = 64;
const LONGEST_ADDRESS = 254;

/**
 * What of RFC 5322's dot-atom no mail program takes for something else. Not there: `%` and `!` (old routes), `/` and `|` (files
 * and commands), quotes, and letters beyond ASCII, which look like others.
 */
const LOCAL = /^[A-Za-z0-9_][A-Za-z0-9_.+=&'-]*$/;

/** Letters, digits and what names hold; nothing that could begin an address, a list, a comment or an encoded word. */
const NAME = /^[\p{L}\p{M}\p{N} .,'&/_+-]*$/u;

/** Dropped by some programs, so that two domains or names become one. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * The mailboxes of a header such as `Ann <ann@example.com>, "Lee, Bob" <bob@example.com>`; comma or semicolon between them.
 * A narrow reading of RFC 5322: whatever programs read in different ways gives undefined, such as comments, groups, routes,
 * quoted local parts, encoded words, addresses within names, empty elements, line breaks and characters that cannot be seen.
 */
export function parseAddresses(text: string): readonly Address[] | undefined {
  if (text.length > LONGEST_LIST || UNSEEN.test(text)) return undefined;
  const found: Address[] = [];
  for (const element of elementsOf(text)) {
    const address = parseMailbox(element);
    if (address === undefined) return undefined;
    found.push(address);
  }
  return found;
}

/** What stands between commas and semicolons, where those in quoted names do not count. */
function elementsOf(text: string): readonly string[] {
  const elements: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    if (quoted || (character !== "," && character !== ";")) continue;
    elements.push(text.slice(start, at));
    start = at + 1;
  }
  elements.push(text.slice(start));
  return elements;
}

/** `ann@example.com`, `<ann@example.com>`, `Ann Lee <ann@example.com>` or `"Lee, Ann" <ann@example.com>`. */
function parseMailbox(element: string): Address | undefined {
  const text = trimSpaces(element);
  const open = text.indexOf("<");
  if (open === -1) return parseAddress(text);
  return text.endsWith(">") && isName(trimSpaces(text.slice(0, open)))
    ? parseAddress(text.slice(open + 1, -1))
    : undefined;
}

function isName(text: string): boolean {
  const quoted = text.length > 1 && text.startsWith('"') && text.endsWith('"');
  return quoted ? NAME.test(text.slice(1, -1)) : NAME.test(text);
}

/** The space alone: `trim` would also take line breaks. */
function trimSpaces(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text[start] === " ") start += 1;
  while (end > start && text[end - 1] === " ") end -= 1;
  return text.slice(start, end);
}

/** One address without name; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const sign = text.indexOf("@");
  if (text.length > LONGEST_ADDRESS || sign < 1 || sign > LONGEST_LOCAL) return undefined;
  const local = text.slice(0, sign);
  const written = text.slice(sign + 1);
  if (!LOCAL.test(local) || local.includes("..") || local.endsWith(".") || written.endsWith(".")) return undefined;
  const domain = normalizeHost(written);
  if (domain === undefined || ENDS_IN_NUMBER.test(domain)) return undefined;
  return { local: local.toLowerCase(), domain };
}

/** True for a pattern that `createRecipientList` understands. */
export function isRecipientPattern(text: string): boolean {
  return text.startsWith("*@") ? parseHostPattern(text.slice(2)) !== undefined : parseAddress(text) !== undefined;
}

/** Patterns of recipients: `ann@example.com`, `*@example.com`, `*@*.example.com` for every domain below it. */
export interface RecipientList {
  meets(address: Address): boolean;
}

/** @param patterns those that `isRecipientPattern` finds good. */
export function createRecipientList(patterns: readonly string[]): RecipientList {
  const addresses = new Set<string>();
  const domains = new Map<string, true>();
  for (const pattern of patterns) {
    const domain = pattern.startsWith("*@") ? parseHostPattern(pattern.slice(2)) : undefined;
    const address = parseAddress(pattern);
    if (domain !== undefined) domains.set(domain, true);
    else if (address !== undefined) addresses.add(textOf(address));
  }
  const table: HostTable<true> = createHostTable(domains);
  return { meets: (address) => addresses.has(textOf(address)) || table.find(address.domain) === true };
}

/** The mailbox that a subaddress (RFC 5233) is delivered to: `ann@example.com` for `ann+news@example.com`. */
export function withoutDetail({ local, domain }: Address): Address {
  const plus = local.indexOf("+");
  return { local: plus < 1 ? local : local.slice(0, plus), domain };
}

function textOf({ local, domain }: Address): string {
  return `${local}@${domain}`;
}
