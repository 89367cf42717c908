import { normalizeHost, parseHostPattern } from "../../hosts.ts";
import { type Address, parseAddress } from "../addresses.ts";
import { LOCAL_ENDINGS } from "../addresses.table.ts";
import { forbidden, type Refusal } from "../guard.ts";

/** Where a call would connect to: what is left of a URL or a host once only one reading of it is possible. */
export interface Endpoint {
  /** In lower case, without the colon; undefined for a bare host. */
  readonly scheme: string | undefined;
  /** A name in the form of `normalizeHost`, or an address as the WHATWG URL parser writes it, without brackets. */
  readonly host: string;
  /** Set where the host is an address. */
  readonly address: Address | undefined;
  /** The port stated or the scheme's own; undefined for a bare host without one. */
  readonly port: number | undefined;
}

/** The schemes that name a host and that the WHATWG URL parser reads strictly, with their own ports. */
export const SCHEME_PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
  ["ws", 80],
  ["wss", 443],
  ["ftp", 21],
]);

/** UTF-16 units; more than common servers and browsers take. */
const LONGEST_URL = 8192;

/** Controls, blanks and the backslash: parsers drop them, stop at them, or read them as something else. */
// oxlint-disable-next-line no-control-regex
const ASCII_TROUBLE = /[\u0000-\u0020\\\u007f]/;

// oxlint-disable-next-line no-control-regex
const BEYOND_ASCII = /[^\u0000-\u007f]/;

const UNICODE_TROUBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u;

const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;
const HASH = 0x23;

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]{0,31}):/;

/** A name or a bracketed address, and perhaps a port without leading zeros. */
const HOST_AND_PORT = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]%]+)(?::([1-9][0-9]{0,4}))?$/;

/** Names as they go over the wire; IDN stands as `xn--` labels by then. */
const NAME_CHARACTERS = /^[a-z0-9._-]+$/;

/**
 * An empty label, also after a trailing dot (one host to a resolver, another to whoever compares texts); one that a command
 * line could take for an option; a last one that looks like a part of an address.
 */
const BAD_LABEL = /^[.-]|\.[.-]|\.$|\.[0-9][^.]*$/;

/** What URL parsers drop from a name without a word, and `normalizeHost` lets pass where Unicode calls it a mark. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u;

const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

const SPELLING = forbidden("host_spelling", "the host is written in a form that programs read in different ways");
const MALFORMED = forbidden("url_malformed", "the URL has no form that every program reads alike");

function characterProblem(text: string): Refusal | undefined {
  if (text.length > LONGEST_URL) return forbidden("url_too_long", `the URL has more than ${LONGEST_URL} characters`);
  if (ASCII_TROUBLE.test(text) || (BEYOND_ASCII.test(text) && UNICODE_TROUBLE.test(text))) {
    return forbidden("url_characters", "the URL holds blanks, backslashes or characters that cannot be seen");
  }
  return undefined;
}

/**
 * Reads a URL that the WHATWG parser and a plain reading by RFC 3986 understand alike; whatever two parsers could take for two
 * hosts is refused, because the tool may use another parser than we do.
 * @param schemes in lower case, out of `SCHEME_PORTS`.
 */
export function readUrl(text: string, schemes: ReadonlySet<string>): Endpoint | Refusal {
  const problem = characterProblem(text);
  if (problem !== undefined) return problem;
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return MALFORMED;
  if (!schemes.has(scheme)) return forbidden("scheme_not_listed", "the URL's scheme is not among the allowed ones");
  const start = scheme.length + 3;
  if (!text.startsWith("//", scheme.length + 1)) return MALFORMED;
  const end = authorityEnd(text, start);
  const authority = text.slice(start, end);
  // `http://good.example?@evil.example`: some parsers let the host end at a slash only.
  if (authority.includes("@") || (text.charCodeAt(end) !== SLASH && text.includes("@", end))) {
    return forbidden("url_userinfo", "the URL names a user before its host");
  }
  const [, host, port] = HOST_AND_PORT.exec(authority) ?? [];
  if (host === undefined) return authority === "" ? MALFORMED : SPELLING;
  const url = parse(text);
  const stated = port === undefined ? SCHEME_PORTS.get(scheme) : Number(port);
  if (url === undefined || stated === undefined || !isPort(stated)) return MALFORMED;
  return endpointOf(scheme, host, url.hostname, stated);
}

/** Where the authority ends: at a slash, a question mark or a hash, or with the text. */
function authorityEnd(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === SLASH || code === QUESTION_MARK || code === HASH) return at;
  }
  return text.length;
}

/** Reads a bare host: a name or an address, IPv6 with or without brackets, and perhaps a port. */
export function readHost(text: string): Endpoint | Refusal {
  const problem = characterProblem(text);
  if (problem !== undefined) return problem;
  const bare = text.includes(":") && !text.startsWith("[") && parseAddress(text) !== undefined;
  const [, host, port] = HOST_AND_PORT.exec(bare ? `[${text}]` : text) ?? [];
  if (host === undefined || /[@/?#]/.test(host)) return SPELLING;
  const url = parse(`http://${host}/`);
  const stated = port === undefined ? undefined : Number(port);
  if (url === undefined || (stated !== undefined && !isPort(stated))) return SPELLING;
  return endpointOf(undefined, host, url.hostname, stated);
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** @param written the host as the text has it. @param parsed the host as the WHATWG parser gives it. */
function endpointOf(
  scheme: string | undefined,
  written: string,
  parsed: string,
  port: number | undefined,
): Endpoint | Refusal {
  if (written.startsWith("[")) {
    const host = parsed.slice(1, -1);
    const address = parseAddress(written.slice(1, -1));
    return address === undefined ? SPELLING : { scheme, host, address, port };
  }
  const address = parseAddress(parsed);
  if (address !== undefined) {
    if (written === parsed) return { scheme, host: parsed, address, port };
    return forbidden("address_spelling", "the address is written in a form that programs read in different ways");
  }
  return isSameName(written, parsed) ? { scheme, host: parsed, address, port } : SPELLING;
}

function isSameName(written: string, parsed: string): boolean {
  if (written !== parsed && (IGNORABLE.test(written) || normalizeHost(written) !== parsed)) return false;
  if (parsed.length > LONGEST_NAME || !NAME_CHARACTERS.test(parsed)) return false;
  return !BAD_LABEL.test(parsed) && labelsFit(parsed);
}

function labelsFit(name: string): boolean {
  return name.length <= LONGEST_LABEL || name.split(".").every((label) => label.length <= LONGEST_LABEL);
}

const LOCAL_NAMES: ReadonlySet<string> = new Set(LOCAL_ENDINGS);

/** True for names that no public resolver knows: single labels, `localhost`, and whatever ends like a local network's name. */
export function isLocalName(host: string): boolean {
  const last = host.lastIndexOf(".");
  if (last === -1) return true;
  const before = host.lastIndexOf(".", last - 1);
  return LOCAL_NAMES.has(host.slice(last + 1)) || LOCAL_NAMES.has(host.slice(before + 1));
}

/**
 * An entry of a list of hosts in its one form: a host, `*.` and a host, or an IP address as URLs write it, without brackets.
 * Undefined for anything else.
 */
export function parseHostEntry(text: string): string | undefined {
  const bracketed = text.includes(":") && text.startsWith("[") && text.endsWith("]");
  const address = bracketed ? text.slice(1, -1) : text;
  if (parseAddress(address) !== undefined) {
    return address.includes(":") ? parse(`http://[${address}]/`)?.hostname.slice(1, -1) : address;
  }
  const pattern = parseHostPattern(text);
  // `0x7f.1` and the like: the parser makes an address of them, and nobody who reads the policy sees it.
  return pattern === undefined || parseAddress(pattern.replace("*.", "")) !== undefined ? undefined : pattern;
}

/** True for the numbers that TCP ports have. */
export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}

const METHOD = /^[A-Za-z][A-Za-z-]{0,31}$/;

/** An HTTP method in upper case; undefined for what is none. */
export function parseMethod(text: string): string | undefined {
  return METHOD.test(text) ? text.toUpperCase() : undefined;
}
