import { isWithin, leadsHome, parseAddress, parseRange } from "../addresses.ts";
import { METADATA_NAMES, METADATA_RANGES } from "./places.table.ts";

const METADATA = METADATA_RANGES.flatMap((text) => parseRange(text) ?? []);

const NUMBERS = /^(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}\.?$/;

/** The same blocks as numbers. */
const IPV4_METADATA = METADATA_RANGES.filter((text) => !text.includes(":")).map((text) => {
  const [quad = "", bits = "32"] = text.split("/");
  return { base: ipv4Of(quad) ?? 0, bits: Number(bits) };
});

/** What a word says of addresses, however they are spelled. */
export interface Addresses {
  /** It names a cloud's metadata service. */
  readonly metadata: boolean;
  /** It names this machine. */
  readonly loopback: boolean;
}

/** Letters, digits and what else an address or a host may hold; IPv6 stands between brackets or alone. */
const HOSTLIKE = /[0-9a-z.:-]{2,}/g;

const IDEOGRAPHIC_STOP = /[\u3002\uFF0E\uFF61]/g;

const ENCODED = /%([2-7][0-9a-f])/g;

/**
 * A text as programs that look up hosts read it: percent escapes resolved, compatibility forms such as full-width digits
 * folded, lower case.
 */
export function foldAddresses(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(ENCODED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll(IDEOGRAPHIC_STOP, ".")
    .normalize("NFKC")
    .toLowerCase();
}

/**
 * What a text holds, as it is written, in which `addressesIn` or `namesPort` finds anything: characters that fold to others,
 * part of a number that is an address (several numbers, eight digits or more, hexadecimal), a colon before a number or a second
 * one, part of a name.
 */
const HINT = /[^\n -$&-~]|\.[0-9]|[0-9]{8}|0x|:[0-9]|:[0-9a-z.-]*:|metadata|localhost|instance-data|169-254-|a9fea9fe/i;

/** What is shorter than this name, and holds neither digits nor colons nor what folds to others, holds no hint. */
export const SHORTEST_HOST = "metadata".length;

/** False only where `addressesIn` and `namesPort` find nothing: in this text, and in any that it is a line of. */
export function mayHoldAddress(text: string): boolean {
  return HINT.test(text);
}

/** IPv6 addresses of one text; more are no work for a command, and each costs time. */
const MOST_IPV6 = 256;

/** Looks for addresses in a folded text, in time proportional to it. */
export function addressesIn(folded: string): Addresses {
  let metadata = METADATA_NAMES.some((name) => folded.includes(name)) || /\/\/metadata(?:$|\s)/.test(folded);
  let loopback = folded.includes("localhost");
  const ipv6 = new Set<string>();
  for (const token of new Set(folded.match(HOSTLIKE))) {
    if (token.length > LONGEST || SMALL_NUMBER.test(token)) continue;
    const parts = token.split(":");
    for (const value of parts.flatMap((part) => ipv4Of(part) ?? [])) {
      metadata ||= IPV4_METADATA.some(({ base, bits }) => value >>> (32 - bits) === base >>> (32 - bits));
      loopback ||= value >>> 24 === 127 || value >>> 24 === 0;
    }
    // With a port behind it, or with a scheme before it.
    if (parts.length > 2) for (const [from, to] of PARTS) ipv6.add(parts.slice(from, to).join(":"));
    if (ipv6.size > MOST_IPV6) return { metadata: true, loopback: true };
  }
  for (const text of ipv6) {
    const address = parseAddress(text);
    if (address === undefined) continue;
    metadata ||= isWithin(address, METADATA);
    loopback ||= leadsHome(address);
  }
  return { metadata, loopback };
}

const PARTS = [
  [0, undefined],
  [0, -1],
  [1, undefined],
] as const;

/** Too small to be an address, and there can be many. */
const SMALL_NUMBER = /^[0-9]{1,7}$/;

/** The longest text that can be an address and a port. */
const LONGEST = 128;

/**
 * A host of one to four numbers, decimal, octal or hexadecimal, as one number: what `inet_aton` and the WHATWG URL parser make
 * of it. A single number counts only where it is too large to be anything else in a command.
 */
function ipv4Of(text: string): number | undefined {
  if (!NUMBERS.test(text)) return undefined;
  const parts = (text.endsWith(".") ? text.slice(0, -1) : text).split(".");
  const numbers = parts.map(numberOf);
  const last = numbers.pop() ?? 0;
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) return undefined;
  const value = numbers.reduce((sum, number, index) => sum + number * 256 ** (3 - index), last);
  return parts.length === 1 && value < 0x01_00_00_00 ? undefined : value;
}

function numberOf(part: string): number {
  if (part.startsWith("0x")) return part.length === 2 ? 0 : Number.parseInt(part.slice(2), 16);
  return part.length > 1 && part.startsWith("0") && !/[89]/.test(part)
    ? Number.parseInt(part, 8)
    : Number.parseInt(part, 10);
}

const PORT = /:0*([1-9][0-9]{0,4})(?![0-9])/g;

/** True when a text names one of the ports behind a host, whatever the host is called. */
export function namesPort(folded: string, ports: readonly number[]): boolean {
  return ports.length > 0 && [...folded.matchAll(PORT)].some(([, port]) => ports.includes(Number(port)));
}

const WHOLE_NUMBER = /(?<![0-9.])0*([1-9][0-9]{0,4})(?![0-9.])/g;

/** True when a text holds the number of one of the ports: beside a word for this machine that is a port. */
export function holdsPort(folded: string, ports: readonly number[]): boolean {
  return ports.length > 0 && [...folded.matchAll(WHOLE_NUMBER)].some(([, port]) => ports.includes(Number(port)));
}
