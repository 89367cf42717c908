import type { Need } from "../../model/facts.ts";
import type { Json } from "../../model/json.ts";
import { valueAt } from "../language/paths.ts";
import { forbidden, type Guard, type GuardForm, outside, type Refusal } from "./guard.ts";
import { stepsOf } from "./input-texts.ts";
import { type Endpoint, parseMethod, readHost, readUrl } from "./urls/endpoints.ts";
import { checkUrlKeys, type UrlForm, urlKeys } from "./urls/keys.ts";
import {
  type EndpointOptions,
  type EndpointRules,
  isListed,
  judgeAddresses,
  judgeText,
  needsAddresses,
  prepareRules,
  readDeskPorts,
  readList,
} from "./urls/rules.ts";

export type { UrlForm } from "./urls/keys.ts";

/** What a call may connect to, and where its input says so. Every member has a default. */
export interface UrlGuardOptions extends EndpointOptions {
  /** Paths to URLs; each place holds one, or a list of them. Default `input.url`, or none where `host` is set. */
  readonly url?: readonly string[] | undefined;
  /** Paths to bare hosts: names or addresses, with or without a port. Default none. */
  readonly host?: readonly string[] | undefined;
  /** Default every method. */
  readonly allowedMethods?: readonly string[] | undefined;
  /** Paths to the HTTP method; a call without one means GET. Default `input.method`. */
  readonly method?: readonly string[] | undefined;
}

/** URLs and hosts of one call; more are refused. */
const MOST_ENDPOINTS = 64;

const SELF: Need = { kind: "self", key: "places" };

const MISSING = forbidden("url_missing", "the input holds no URL or host where the policy expects one");
const METHOD_NOT_LISTED = forbidden("method_not_listed", "the call's method is not among the allowed ones");
const SELF_UNKNOWN = forbidden("self_unknown", "it is not known which ports belong to the leash itself");

/** Where to look in the input, and what is allowed there. */
interface Plan {
  readonly urls: readonly (readonly string[])[];
  readonly hosts: readonly (readonly string[])[];
  readonly method: readonly (readonly string[])[];
  readonly methods: ReadonlySet<string> | undefined;
  readonly rules: EndpointRules;
}

/** What the call's own text says, before any address is known. */
interface Sight {
  readonly endpoints: readonly Endpoint[];
  /** For the first endpoint that the policy does not list. */
  readonly unlisted: Refusal | undefined;
}

/**
 * Guards the URLs and hosts of a call: schemes, ports, hosts, methods, and the addresses behind names. It parses instead of
 * matching text: the WHATWG URL parser and a plain reading must agree on the host, and every address is judged by the
 * registries of IANA. A host that is not listed is `outside`, whatever else is wrong is `forbidden`.
 *
 * What is checked is what the probes say; only `guardedFetch` connects to exactly that, and checks redirects too.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an option that cannot be read, or no path at all.
 * @example
 * const guard = urlGuard({ allowedHosts: ["api.example.com"] });
 * const probes = { "self:places": places, "resolve:api.example.com": ["93.184.215.14"] };
 * guard.check({ url: "https://api.example.com/v1" }, probes); // undefined: it passes
 */
export function urlGuard(options: UrlGuardOptions = {}): Guard {
  const { url, host, method = ["input.method"], allowedMethods } = options;
  const plan: Plan = {
    urls: url === undefined && host !== undefined ? [] : stepsOf("url", url ?? ["input.url"]),
    hosts: host === undefined ? [] : stepsOf("host", host),
    method: stepsOf("method", method),
    methods: allowedMethods && new Set(readList("allowedMethods", allowedMethods, parseMethod)),
    rules: prepareRules(options),
  };
  return {
    name: "urls",
    needs(input) {
      const sight = look(input, plan);
      // A call that is refused anyway looks nothing up: a name can carry a secret to whoever answers for it.
      if ("kind" in sight) return [SELF];
      const named = sight.endpoints.filter((endpoint) => needsAddresses(endpoint, plan.rules));
      const names = new Set(named.map((endpoint) => endpoint.host));
      return [SELF, ...[...names].map((key): Need => ({ kind: "resolve", key }))];
    },
    check(input, probes) {
      const sight = look(input, plan);
      if ("kind" in sight) return sight;
      const deskPorts = readDeskPorts(probes);
      if (deskPorts === undefined) return SELF_UNKNOWN;
      for (const endpoint of sight.endpoints) {
        const refusal = judgeAddresses(endpoint, plan.rules, probes, deskPorts);
        if (refusal !== undefined) return refusal;
      }
      return sight.unlisted;
    },
  };
}

/** Everything forbidden comes before anything that is only outside, because a person may lift the latter. */
function look(input: Json, plan: Plan): Sight | Refusal {
  const endpoints: Endpoint[] = [];
  const refusal = judgeMethod(input, plan) ?? readEndpoints(input, plan, endpoints);
  if (refusal !== undefined) return refusal;
  let unlisted: Refusal | undefined;
  for (const endpoint of endpoints) {
    const problem = judgeText(endpoint, plan.rules);
    if (problem !== undefined) return problem;
    if (!isListed(endpoint, plan.rules)) {
      unlisted ??= outside("host_not_listed", `${endpoint.host} is not an allowed host`);
    }
  }
  return { endpoints, unlisted };
}

function judgeMethod(input: Json, { methods, method }: Plan): Refusal | undefined {
  if (methods === undefined) return undefined;
  for (const path of method) {
    const stated = valueAt(input, path);
    const word = stated === undefined ? "GET" : typeof stated === "string" ? parseMethod(stated) : undefined;
    if (word === undefined || !methods.has(word)) return METHOD_NOT_LISTED;
  }
  return undefined;
}

function readEndpoints(input: Json, { urls, hosts, rules }: Plan, endpoints: Endpoint[]): Refusal | undefined {
  for (const path of urls) {
    const refusal = readAll(valueAt(input, path), (text) => readUrl(text, rules.schemes), endpoints);
    if (refusal !== undefined) return refusal;
  }
  for (const path of hosts) {
    const refusal = readAll(valueAt(input, path), readHost, endpoints);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Reads one text or a list of them; an empty list, or anything else, does not say where the call goes. */
function readAll(
  value: Json | undefined,
  read: (text: string) => Endpoint | Refusal,
  endpoints: Endpoint[],
): Refusal | undefined {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (texts.length === 0) return MISSING;
  if (endpoints.length + texts.length > MOST_ENDPOINTS) {
    return forbidden("urls_too_many", `the call names more than ${MOST_ENDPOINTS} URLs or hosts`);
  }
  for (const text of texts) {
    if (typeof text !== "string") return MISSING;
    const endpoint = read(text);
    if ("kind" in endpoint) return endpoint;
    endpoints.push(endpoint);
  }
  return undefined;
}

/** `allowed_hosts`, `deny_private_ips` and the other keys of this guard, in an entry of `tools`. */
export const urlForm: GuardForm<UrlForm> = {
  keys: urlKeys,
  check: checkUrlKeys,
  create(values, asks) {
    if (Object.keys(values).length === 0) return undefined;
    return urlGuard({
      // Asking for a name is a message to whoever keeps it: none is sent about a host that cannot pass.
      resolveUnlisted: asks,
      url: nonEmpty(values.url),
      host: nonEmpty(values.host),
      allowedHosts: values.allowed_hosts,
      deniedHosts: values.denied_hosts,
      deniedRanges: values.deny_ip_ranges,
      denyPrivateIps: values.deny_private_ips,
      allowedSchemes: values.allowed_schemes,
      allowedPorts: values.allowed_ports,
      allowedMethods: values.allowed_methods,
      method: nonEmpty(values.method),
    });
  },
};

/** An empty list was reported when it was read. */
function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list?.length === 0 ? undefined : list;
}
