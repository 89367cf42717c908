import { isLeashError, LeashDenied, LeashError } from "./errors.ts";
import { type Lookup, resolveHost } from "./facts/resolve.ts";
import { type Hop, receive, send } from "./guarded-fetch/exchange.ts";
import { follow, locationOf } from "./guarded-fetch/redirects.ts";
import type { Json } from "./model/json.ts";
import { readOptions } from "./options.ts";
import { urlGuard } from "./policy/guards/urls.ts";

/** What a guarded fetch may reach. A list that is null does not restrict. */
export interface GuardedFetchOptions {
  /** `example.com`, `*.example.com` for the names below it, or an IP address. Default null. */
  readonly allowedHosts: readonly string[] | null;
  /** Beats `allowedHosts`, and holds for every name below a denied one. Default null. */
  readonly deniedHosts: readonly string[] | null;
  /** Blocks of addresses (CIDR) that no request may lead to. Default null. */
  readonly deniedRanges: readonly string[] | null;
  /** Whether only public addresses pass, and no local names. Default true. */
  readonly denyPrivateIps: boolean;
  /** Default http and https. */
  readonly allowedSchemes: readonly ("http" | "https")[];
  /** Ports beside the schemes' own. Default null: none. */
  readonly allowedPorts: readonly number[] | null;
  /** Default null. */
  readonly allowedMethods: readonly string[] | null;
  /** Ports of the leash itself, which no request reaches on this machine. Default none. */
  readonly deskPorts: readonly number[];
  /** Redirects that are followed, from 0 to 20. Default 5. */
  readonly maxRedirects: number;
  /** Bytes of a response's body, before decoding and after. Default 10 MiB. */
  readonly maxBytes: number;
  /** Milliseconds for the whole, redirects and body included. Default 30,000. */
  readonly timeoutMs: number;
  /** Asks for all addresses of a name. Default null: the system's resolver. */
  readonly lookup: Lookup | null;
}

const DEFAULTS: GuardedFetchOptions = {
  allowedHosts: null,
  deniedHosts: null,
  deniedRanges: null,
  denyPrivateIps: true,
  allowedSchemes: ["http", "https"],
  allowedPorts: null,
  allowedMethods: null,
  deskPorts: [],
  maxRedirects: 5,
  maxBytes: 10 * 1_048_576,
  timeoutMs: 30_000,
  lookup: null,
};

const MOST_REDIRECTS = 20;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Stands for the URL where only the other parts of a request are read. */
const NO_URL = "http://request.invalid/";

/** Lets a request pass and gives the addresses it may connect to; null where the host is an address itself. */
type Permit = (url: string, method: string, signal: AbortSignal) => Promise<readonly string[] | null>;

/**
 * A `fetch` that reaches only what it is told. Every URL, also of every redirect, passes the same guard as a policy's
 * `allowed_hosts`; its host is looked up once, all its addresses are checked, and the connection goes to one of exactly these.
 * Headers that could be credentials do not follow a redirect to another origin. Proxies of the environment are not used.
 * The response is read whole before it is returned.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for options that cannot be read. The function throws `LEASH_DENIED` for a refusal,
 * the signal's reason after an abort or the time limit (`TimeoutError`), and otherwise what `fetch` throws: a `TypeError` whose
 * `cause` is the error beneath.
 * @example
 * const get = guardedFetch({ allowedHosts: ["api.example.com", "*.example.org"] });
 * const response = await get("https://api.example.com/v1/prices");
 */
export function guardedFetch(options: Partial<GuardedFetchOptions> = {}): typeof fetch {
  const settings = readSettings(options);
  const permit = createPermit(settings);
  return async (input, init) => {
    const isRequest = typeof input === "object" && "url" in input;
    const text = typeof input === "string" ? input : isRequest ? input.url : input.href;
    const request = new Request(isRequest ? input : NO_URL, init);
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(settings.timeoutMs)]);
    try {
      return await run(text, request, permit, settings, signal);
    } catch (error) {
      if (isLeashError(error)) throw error;
      signal.throwIfAborted();
      throw new TypeError("fetch failed", { cause: error });
    }
  };
}

function readSettings(options: Partial<GuardedFetchOptions>): GuardedFetchOptions {
  const settings = readOptions("guardedFetch", options, DEFAULTS, { denyPrivateIps: [true, false] });
  checkNumber("maxRedirects", settings.maxRedirects, 0, MOST_REDIRECTS);
  checkNumber("maxBytes", settings.maxBytes, 0, Number.MAX_SAFE_INTEGER);
  checkNumber("timeoutMs", settings.timeoutMs, 1, LONGEST_TIMEOUT_MS);
  for (const scheme of settings.allowedSchemes) {
    if (scheme !== "http" && scheme !== "https") throw invalid("allowedSchemes takes http and https");
  }
  return settings;
}

function checkNumber(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw invalid(`${name} must be a whole number from ${least} to ${most}`);
  }
}

function invalid(problem: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `The options for guardedFetch are wrong: ${problem}.`);
}

function createPermit(settings: GuardedFetchOptions): Permit {
  const guard = urlGuard({
    allowedHosts: settings.allowedHosts ?? undefined,
    deniedHosts: settings.deniedHosts ?? undefined,
    deniedRanges: settings.deniedRanges ?? undefined,
    denyPrivateIps: settings.denyPrivateIps,
    allowedSchemes: settings.allowedSchemes,
    allowedPorts: settings.allowedPorts ?? undefined,
    allowedMethods: settings.allowedMethods ?? undefined,
    resolveUnlisted: false,
  });
  const places = { folders: [], ports: settings.deskPorts, home: "" };
  return async (url, method, signal) => {
    const input = { url, method };
    const probes: Record<string, Json> = { "self:places": places };
    let addresses: readonly string[] | null = null;
    for (const { kind, key } of guard.needs(input)) {
      if (kind !== "resolve") continue;
      addresses = await resolveHost(key, { signal, lookup: settings.lookup ?? undefined });
      probes[`resolve:${key}`] = addresses;
    }
    signal.throwIfAborted();
    const refusal = guard.check(input, probes);
    if (refusal === undefined) return addresses;
    const message = "The request was refused: this tool may not reach that address.";
    throw new LeashDenied({ reasonCode: "guard", reason: refusal.message, message });
  };
}

async function run(
  text: string,
  request: Request,
  permit: Permit,
  { maxBytes, maxRedirects }: GuardedFetchOptions,
  signal: AbortSignal,
): Promise<Response> {
  let addresses = await permit(text, request.method, signal);
  const body = request.body === null ? null : new Uint8Array(await inTime(request.arrayBuffer(), signal));
  let hop: Hop = { url: new URL(text), method: request.method, headers: request.headers, body };
  for (let redirects = 0; ; redirects += 1) {
    const incoming = await send(hop, addresses, signal);
    const location = request.redirect === "manual" ? undefined : locationOf(incoming);
    if (location === undefined) return labelled(await receive(incoming, hop, maxBytes), hop, redirects > 0);
    incoming.destroy();
    if (request.redirect === "error") throw new Error("the response is a redirect");
    if (redirects === maxRedirects) throw new Error(`more than ${maxRedirects} redirects`);
    hop = follow(hop, incoming, location);
    addresses = await permit(hop.url.href, hop.method, signal);
  }
}

/** A body that comes from a stream may never end. */
async function inTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const fail = (): void => reject(new Error("the request was aborted"));
    signal.addEventListener("abort", fail);
    stop = () => signal.removeEventListener("abort", fail);
  });
  return Promise.race([promise, aborted]).finally(stop);
}

/** A response knows where it came from, which its constructor cannot be told. */
function labelled(response: Response, { url }: Hop, redirected: boolean): Response {
  const source = new URL(url);
  source.hash = "";
  return Object.defineProperties(response, { url: { value: source.href }, redirected: { value: redirected } });
}
