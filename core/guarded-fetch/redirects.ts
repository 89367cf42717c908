import type { Hop, Incoming } from "./exchange.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Headers that may follow a request to another origin, because they carry nothing that lets anybody in. All others stay
 * behind: Authorization and Cookie as the Fetch standard demands, and the many keys and tokens that services invent.
 */
const HARMLESS_HEADERS: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-language",
  "content-type",
  "if-modified-since",
  "if-none-match",
  "pragma",
  "range",
  "user-agent",
]);

/** Headers that speak of a body. */
const BODY_HEADERS: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
]);

/** Where a response sends the client; undefined where it does not. */
export function locationOf(incoming: Incoming): string | undefined {
  if (!REDIRECTS.has(incoming.statusCode ?? 0)) return undefined;
  const { location } = incoming.headers;
  // Node reads headers as Latin-1, servers write UTF-8.
  return location === undefined ? undefined : Buffer.from(location, "latin1").toString("utf8");
}

/**
 * The request that follows a redirect (Fetch standard, HTTP-redirect fetch): 303, and 301 or 302 after a POST, become GET
 * without a body; another origin gets no header that could be a credential.
 * @throws {TypeError} where the location is no URL.
 */
export function follow(hop: Hop, incoming: Incoming, location: string): Hop {
  const url = new URL(location, hop.url);
  const toGet = becomesGet(hop.method, incoming.statusCode ?? 0);
  const abroad = url.origin !== hop.url.origin;
  const kept = [...hop.headers].filter(
    ([name]) => !(toGet && BODY_HEADERS.has(name)) && (!abroad || HARMLESS_HEADERS.has(name)),
  );
  const headers = new Headers(kept);
  return { url, headers, method: toGet ? "GET" : hop.method, body: toGet ? null : hop.body };
}

function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}
