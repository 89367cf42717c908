import { type AddressProblem, EMBEDDINGS, SPECIAL_IPV4, SPECIAL_IPV6 } from "./addresses.table.ts";

export type { AddressProblem } from "./addresses.table.ts";

/**
 * An IP address as eight words of 16 bits. IPv4 stands as mapped IPv6 (RFC 4291 2.5.5.2), so that `127.0.0.1` and
 * `::ffff:127.0.0.1` are one address.
 */
export type Address = readonly number[];

/** A block of addresses: those that agree with `base` in the first `bits` bits. */
export interface AddressRange {
  readonly base: Address;
  readonly bits: number;
}

const DOT = 0x2e;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;

/** The longest text of an address: six groups and a dotted quad. */
const LONGEST_ADDRESS = 45;

/** A dotted quad as an unsigned 32-bit number. Four decimal parts without leading zeros, nothing else; else undefined. */
function parseIpv4(text: string, from = 0): number | undefined {
  let address = 0;
  let at = from;
  for (let part = 0; part < 4; part += 1) {
    if (part > 0 && text.charCodeAt(at++) !== DOT) return undefined;
    const start = at;
    let value = 0;
    for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE && at - start < 3; code = text.charCodeAt(at)) {
      value = value * 10 + code - ZERO;
      at += 1;
    }
    const leadingZero = at - start > 1 && text.charCodeAt(start) === ZERO;
    if (at === start || value > 255 || leadingZero) return undefined;
    address = address * 256 + value;
  }
  return at === text.length ? address : undefined;
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** RFC 4291 2.2: groups, one `::`, an embedded dotted quad at the end. Zone ids (RFC 4007) are no part of an address here. */
function parseIpv6(text: string): Address | undefined {
  const words = [0, 0, 0, 0, 0, 0, 0, 0];
  const leadingGap = text.startsWith("::");
  let gap = leadingGap ? 0 : -1;
  let filled = 0;
  let at = leadingGap ? 2 : 0;
  while (at < text.length) {
    if (filled === 8) return undefined;
    const start = at;
    let word = 0;
    for (let digit = hexDigit(text.charCodeAt(at)); digit >= 0; digit = hexDigit(text.charCodeAt(at))) {
      word = word * 16 + digit;
      at += 1;
    }
    if (text.charCodeAt(at) === DOT) {
      const quad = filled > 6 ? undefined : parseIpv4(text, start);
      if (quad === undefined) return undefined;
      words[filled++] = quad >>> 16;
      words[filled++] = quad & 0xffff;
      break;
    }
    if (at === start || at - start > 4) return undefined;
    words[filled++] = word;
    if (at === text.length) break;
    if (text.charCodeAt(at++) !== COLON || at === text.length) return undefined;
    if (text.charCodeAt(at) !== COLON) continue;
    if (gap !== -1) return undefined;
    gap = filled;
    at += 1;
  }
  return widen(words, filled, gap);
}

/** Puts the zeros that `::` stands for in their place; it stands for one group at least. */
function widen(words: number[], filled: number, gap: number): Address | undefined {
  if (gap === -1) return filled === 8 ? words : undefined;
  if (filled === 8) return undefined;
  for (let index = filled - 1, to = 7; index >= gap; index -= 1, to -= 1) {
    words[to] = words[index] ?? 0;
    words[index] = 0;
  }
  return words;
}

function mapped(ipv4: number): Address {
  return [0, 0, 0, 0, 0, 0xffff, ipv4 >>> 16, ipv4 & 0xffff];
}

function isMapped(address: Address): boolean {
  return (
    address[5] === 0xffff &&
    address[0] === 0 &&
    address[1] === 0 &&
    address[2] === 0 &&
    address[3] === 0 &&
    address[4] === 0
  );
}

/** The unsigned 32-bit number in two words. */
function ipv4At(address: Address, at: number): number {
  return (address[at] ?? 0) * 65_536 + (address[at + 1] ?? 0);
}

/**
 * Reads an address: a strict dotted quad, or IPv6 by RFC 4291 without brackets and zone. Undefined for anything else, such as
 * the octal, hexadecimal and short forms of old C libraries.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > LONGEST_ADDRESS) return undefined;
  if (text.includes(":")) return parseIpv6(text);
  const ipv4 = parseIpv4(text);
  return ipv4 === undefined ? undefined : mapped(ipv4);
}

const PREFIX = /^(?:0|[1-9][0-9]{0,2})$/;

/**
 * Reads a block in CIDR form (RFC 4632), `10.0.0.0/8` or `2001:db8::/32`; an address alone is a block of one. Undefined for
 * anything else, also where bits after the prefix are set: somebody meant another block, or one address.
 */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf("/");
  const base = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (base === undefined) return undefined;
  const ipv4 = !text.includes(":");
  const stated = slash === -1 ? (ipv4 ? "32" : "128") : text.slice(slash + 1);
  if (!PREFIX.test(stated) || Number(stated) > (ipv4 ? 32 : 128)) return undefined;
  const bits = Number(stated) + (ipv4 ? 96 : 0);
  const clean = base.every((word, index) => (word & ~maskOf(bits, index)) === 0);
  return clean ? { base, bits } : undefined;
}

/** The bits of one word that a prefix covers. */
function maskOf(bits: number, index: number): number {
  const covered = Math.min(Math.max(bits - index * 16, 0), 16);
  return (0xffff << (16 - covered)) & 0xffff;
}

function within(address: Address, { base, bits }: AddressRange): boolean {
  for (let index = 0; index * 16 < bits; index += 1) {
    if ((((address[index] ?? 0) ^ (base[index] ?? 0)) & maskOf(bits, index)) !== 0) return false;
  }
  return true;
}

/** A block of the tables, which hold nothing unreadable. */
function rangeOf(text: string): AddressRange {
  const range = parseRange(text);
  if (range === undefined) throw new Error(`no block of addresses: ${text}`);
  return range;
}

const IPV4_ROWS = SPECIAL_IPV4.map(({ range, problem }) => {
  const { base, bits } = rangeOf(range);
  return { base: ipv4At(base, 6), mask: maskOf(bits, 6) * 65_536 + maskOf(bits, 7), problem };
});

const IPV6_ROWS = SPECIAL_IPV6.map(({ range, problem }) => ({ range: rangeOf(range), problem }));

const EMBEDDING_ROWS = EMBEDDINGS.map(({ range, at, invertedAt, plain }) => ({
  range: rangeOf(range),
  at,
  invertedAt: invertedAt ?? [],
  plain: plain === true,
}));

function ipv4Problem(ipv4: number): AddressProblem | undefined {
  for (const { base, mask, problem } of IPV4_ROWS) {
    if ((ipv4 & mask) >>> 0 === base) return problem;
  }
  return undefined;
}

/** RFC 5214: an interface identifier that carries an IPv4 address, under any prefix. */
function isIsatap(address: Address): boolean {
  return address[5] === 0x5efe && (address[4] === 0 || address[4] === 0x0200);
}

/** The IPv4 addresses that an IPv6 address carries; undefined where it is of no kind that carries one. */
function embeddedIn(address: Address): { readonly ipv4: readonly number[]; readonly plain: boolean } | undefined {
  const row = EMBEDDING_ROWS.find(({ range }) => within(address, range));
  if (row === undefined) return isIsatap(address) ? { ipv4: [ipv4At(address, 6)], plain: false } : undefined;
  const inverted = row.invertedAt.map((at) => ~ipv4At(address, at) >>> 0);
  return { ipv4: [...row.at.map((at) => ipv4At(address, at)), ...inverted], plain: row.plain };
}

function specialIpv6(address: Address): AddressProblem | undefined {
  for (const { range, problem } of IPV6_ROWS) {
    if (within(address, range)) return problem;
  }
  return ((address[0] ?? 0) & 0xe000) === 0x2000 ? undefined : "reserved";
}

/**
 * Why an address is not public, or undefined where it is. IPv6 addresses that carry an IPv4 address are judged by that one
 * too: public NAT64 (64:ff9b::/96) passes, 6to4, Teredo, ISATAP, IPv4-compatible and local NAT64 never do.
 */
export function problemOf(address: Address): AddressProblem | undefined {
  if (isMapped(address)) return ipv4Problem(ipv4At(address, 6));
  // `::` and `::1` lie among the IPv4-compatible addresses and are none.
  const special = specialIpv6(address);
  if (special === "unspecified" || special === "loopback") return special;
  const embedded = embeddedIn(address);
  if (embedded === undefined) return special;
  for (const ipv4 of embedded.ipv4) {
    const problem = ipv4Problem(ipv4);
    if (problem !== undefined) return problem;
  }
  return embedded.plain ? undefined : "transition";
}

/**
 * Why the address in a text is not public, or undefined where it is; "unreadable" for what is no address.
 * @example addressProblem("169.254.169.254") // "link-local"
 * @example addressProblem("64:ff9b::7f00:1") // "loopback"
 * @example addressProblem("1.1.1.1") // undefined
 */
export function addressProblem(text: string): AddressProblem | undefined {
  const address = parseAddress(text);
  return address === undefined ? "unreadable" : problemOf(address);
}

/** True for addresses by which a machine reaches itself: loopback and "unspecified" ones, also where IPv6 carries them. */
export function leadsHome(address: Address): boolean {
  const problem = problemOf(address);
  return problem === "loopback" || problem === "unspecified";
}

/** True where the address, or an IPv4 address that it carries, lies in one of the blocks. */
export function isWithin(address: Address, ranges: readonly AddressRange[]): boolean {
  if (ranges.length === 0) return false;
  const carried = isMapped(address) ? [] : (embeddedIn(address)?.ipv4.map(mapped) ?? []);
  return [address, ...carried].some((form) => ranges.some((range) => within(form, range)));
}
