import type { Json } from "../../../model/json.ts";
import { createHostTable, type HostTable } from "../../hosts.ts";
import { valueAt } from "../../language/paths.ts";
import { type AddressRange, isWithin, leadsHome, parseAddress, parseRange, problemOf } from "../addresses.ts";
import { invalidOption } from "../input-texts.ts";
import { type Endpoint, isLocalName, isPort, parseHostEntry, SCHEME_PORTS } from "./endpoints.ts";
import { forbidden, type Probes, type Refusal } from "../guard.ts";

/** Which endpoints may be reached. Every member has a default; an empty list of what is allowed lets nothing pass. */
export interface EndpointOptions {
  /** `example.com`, `*.example.com` for the names below it, or an IP address. Default every host. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Beats `allowedHosts`, and holds for every name below a denied one. Default none. */
  readonly deniedHosts?: readonly string[] | undefined;
  /** Blocks of addresses (CIDR) that nothing may lead to, as an address or by its name. Default none. */
  readonly deniedRanges?: readonly string[] | undefined;
  /** Whether only public addresses pass, and no local names. Default true. */
  readonly denyPrivateIps?: boolean | undefined;
  /** Out of http, https, ws, wss, ftp. Default http and https. */
  readonly allowedSchemes?: readonly string[] | undefined;
  /** Ports beside the schemes' own. Default none. */
  readonly allowedPorts?: readonly number[] | undefined;
  /**
   * Whether the addresses of hosts that `allowedHosts` does not list are looked up as well, so that no person is asked about a
   * name that leads inside. False where nobody is asked: a look-up tells the name's owner about the call. Default true.
   */
  readonly resolveUnlisted?: boolean | undefined;
}

/** The options made ready: everything that does not depend on the call. */
export interface EndpointRules {
  readonly allowed: HostTable<true> | undefined;
  readonly denied: HostTable<true>;
  readonly ranges: readonly AddressRange[];
  readonly publicOnly: boolean;
  readonly schemes: ReadonlySet<string>;
  readonly ports: ReadonlySet<number>;
  /** What a bare host's port may be without being listed: the own ports of the allowed schemes. */
  readonly ownPorts: ReadonlySet<number>;
  readonly resolveUnlisted: boolean;
}

/** Addresses of one name; an answer with more is refused. */
const MOST_ADDRESSES = 64;

/** @throws {LeashError} `LEASH_CONFIG_INVALID` where an option cannot be read. */
export function prepareRules(options: EndpointOptions): EndpointRules {
  const allowed = readList("allowedHosts", options.allowedHosts, parseHostEntry);
  const denied = readList("deniedHosts", options.deniedHosts, parseHostEntry) ?? [];
  const schemes = readList("allowedSchemes", options.allowedSchemes, knownScheme) ?? ["http", "https"];
  const isAddress = (entry: string): boolean => parseAddress(entry) !== undefined;
  return {
    allowed: allowed === undefined ? undefined : createHostTable(new Map(allowed.map(met))),
    denied: deniedTable(denied.filter((host) => !isAddress(host))),
    ranges: readList("deniedRanges", [...(options.deniedRanges ?? []), ...denied.filter(isAddress)], parseRange) ?? [],
    publicOnly: options.denyPrivateIps !== false,
    schemes: new Set(schemes),
    ports: new Set(readList("allowedPorts", options.allowedPorts, (port) => (isPort(port) ? port : undefined))),
    ownPorts: new Set(schemes.flatMap((scheme) => SCHEME_PORTS.get(scheme) ?? [])),
    resolveUnlisted: options.resolveUnlisted !== false,
  };
}

/**
 * The meanings of an option's elements.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` where one has none.
 */
export function readList<T, U>(
  what: string,
  list: readonly T[] | undefined,
  read: (element: T) => U | undefined,
): readonly U[] | undefined {
  return list?.map((element) => {
    const meaning = read(element);
    if (meaning === undefined) throw invalidOption(what, `${JSON.stringify(element)} cannot be read`);
    return meaning;
  });
}

function knownScheme(scheme: string): string | undefined {
  return SCHEME_PORTS.has(scheme) ? scheme : undefined;
}

/** A table that meets denied hosts and every name below them. */
export function deniedTable(patterns: readonly string[]): HostTable<true> {
  const both = patterns.flatMap((pattern) => (pattern.startsWith("*.") ? [pattern] : [pattern, `*.${pattern}`]));
  return createHostTable(new Map(both.map(met)));
}

function met(pattern: string): readonly [string, true] {
  return [pattern, true];
}

/** What is wrong with an endpoint by its own text, whatever the addresses behind its name are. */
export function judgeText({ scheme, host, address, port }: Endpoint, rules: EndpointRules): Refusal | undefined {
  const own = scheme === undefined ? rules.ownPorts.has(port ?? 0) : SCHEME_PORTS.get(scheme) === port;
  if (port !== undefined && !own && !rules.ports.has(port)) {
    return forbidden("port_not_listed", `port ${port} is not among the allowed ones`);
  }
  if (address !== undefined) return judgeAddress(host, rules);
  if (rules.denied.find(host) !== undefined) return forbidden("host_denied", `${host} is a denied host`);
  const local = rules.publicOnly && isLocalName(host);
  return local ? forbidden("host_local", `${host} is a name of a local network`) : undefined;
}

/** @param text an address, as the input or a resolver has it. */
function judgeAddress(text: string, { publicOnly, ranges }: EndpointRules): Refusal | undefined {
  const address = parseAddress(text);
  if (address === undefined) return forbidden("address_unreadable", "an address cannot be read");
  const problem = publicOnly ? problemOf(address) : undefined;
  if (problem !== undefined) return forbidden("address_not_public", `${text} is not a public address (${problem})`);
  return isWithin(address, ranges) ? forbidden("address_denied", `${text} is a denied address`) : undefined;
}

/** True where no list of allowed hosts stands, or it holds the endpoint's host. */
export function isListed({ host }: Endpoint, { allowed }: EndpointRules): boolean {
  return allowed === undefined || allowed.find(host) !== undefined;
}

/** True where the addresses behind the endpoint's name must be known. */
export function needsAddresses(endpoint: Endpoint, rules: EndpointRules): boolean {
  return endpoint.address === undefined && (rules.resolveUnlisted || isListed(endpoint, rules));
}

/**
 * What is wrong with the addresses behind an endpoint that passed `judgeText`. Every address counts: the tool may connect to
 * any of them.
 */
export function judgeAddresses(
  endpoint: Endpoint,
  rules: EndpointRules,
  probes: Probes,
  deskPorts: readonly number[],
): Refusal | undefined {
  if (endpoint.address !== undefined) return judgeDesk(endpoint.port, [endpoint.host], deskPorts);
  if (!needsAddresses(endpoint, rules)) return undefined;
  const addresses = readAnswer(probes[`resolve:${endpoint.host}`]);
  if (addresses === undefined && (rules.publicOnly || rules.ranges.length > 0)) {
    return forbidden("host_unresolved", `the addresses of ${endpoint.host} are not known`);
  }
  for (const address of addresses ?? []) {
    const refusal = judgeAddress(address, rules);
    if (refusal !== undefined) return refusal;
  }
  return judgeDesk(endpoint.port, addresses, deskPorts);
}

/** A bare host may be meant for any port, and a name without addresses may lead anywhere. */
function judgeDesk(
  port: number | undefined,
  addresses: readonly string[] | undefined,
  deskPorts: readonly number[],
): Refusal | undefined {
  if (deskPorts.length === 0 || (port !== undefined && !deskPorts.includes(port))) return undefined;
  if (addresses?.every((address) => !mayLeadHome(address)) === true) return undefined;
  return forbidden("desk_port", "the call could reach the place where approvals are answered");
}

function mayLeadHome(text: string): boolean {
  const address = parseAddress(text);
  return address === undefined || leadsHome(address);
}

function readAnswer(answer: Json | undefined): readonly string[] | undefined {
  if (!Array.isArray(answer) || answer.length === 0 || answer.length > MOST_ADDRESSES) return undefined;
  return answer.every((address) => typeof address === "string") ? answer : undefined;
}

/** The ports of the leash itself; undefined where nobody said. */
export function readDeskPorts(probes: Probes): readonly number[] | undefined {
  const ports = valueAt(probes["self:places"] ?? null, ["ports"]);
  if (!Array.isArray(ports) || !ports.every((port) => typeof port === "number")) return undefined;
  return ports;
}
