import { type ClientRequest, type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { isIP, isIPv6, type LookupFunction } from "node:net";
import { type Readable, pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/** One request as it goes over the wire. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array | null;
}

/** What comes back, its body still on the way. */
export type Incoming = IncomingMessage;

/** Headers of the connection itself: ours to say, never the caller's. */
const CONNECTION_HEADERS: readonly string[] = [
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

const DEFAULT_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["accept", "*/*"],
  ["accept-encoding", "gzip, br"],
  ["user-agent", "leashkit"],
];

/**
 * Sends one request to exactly these addresses and gives the response's head. Host header and TLS server name are the URL's
 * own; no proxy, no shared connection, no switched-off certificate check.
 * @param addresses the checked addresses of the URL's host; null where the host is an address itself.
 */
export function send(hop: Hop, addresses: readonly string[] | null, signal: AbortSignal): Promise<Incoming> {
  const { url, method, body } = hop;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const options = {
    hostname: host,
    port: url.port === "" ? undefined : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method,
    headers: headersOf(hop),
    agent: false,
    lookup: pinned(addresses ?? []),
    signal,
  } as const;
  const secure = { ...options, rejectUnauthorized: true, ...(isIP(host) === 0 ? { servername: host } : {}) };
  return new Promise((resolve, reject) => {
    const request: ClientRequest = url.protocol === "https:" ? secureRequest(secure) : plainRequest(options);
    request.on("response", resolve).on("error", reject);
    request.end(body ?? undefined);
  });
}

/** Answers every question for an address with those that were checked, so that nothing is looked up a second time. */
function pinned(addresses: readonly string[]): LookupFunction {
  const checked = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (hostname, { all }, callback) => {
    const [first] = checked;
    if (first === undefined) {
      callback(new Error(`no checked address for ${hostname}`), "", 4);
    } else if (all === true) {
      callback(null, checked);
    } else {
      callback(null, first.address, first.family);
    }
  };
}

function headersOf({ headers, body, method }: Hop): Record<string, string> {
  const sent = new Headers(headers);
  for (const name of CONNECTION_HEADERS) sent.delete(name);
  for (const [name, value] of DEFAULT_HEADERS) {
    if (!sent.has(name)) sent.set(name, value);
  }
  const length = body?.byteLength ?? (method === "GET" || method === "HEAD" ? undefined : 0);
  if (length !== undefined) sent.set("content-length", String(length));
  return Object.fromEntries(sent);
}

/** Codes of responses that have no body (Fetch standard, "null body status"). */
const BODILESS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/**
 * The whole response, its body decoded and in memory.
 * @throws {Error} where the body has more bytes than `maxBytes`, before or after decoding, or a coding that is not known.
 */
export async function receive(incoming: Incoming, hop: Hop, maxBytes: number): Promise<Response> {
  const { statusCode: status = 0, statusMessage: statusText = "" } = incoming;
  const headers = new Headers();
  const raw = incoming.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) headers.append(raw[index] ?? "", raw[index + 1] ?? "");
  const bodiless = hop.method === "HEAD" || BODILESS.has(status);
  if (bodiless) incoming.resume();
  const body = bodiless ? null : await readAll(decoded(incoming), maxBytes);
  return new Response(body, { status, statusText, headers });
}

/** Undoes one content coding, the only ones that were asked for. */
function decoded(incoming: Incoming): Readable {
  const coding = incoming.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (coding === "identity" || coding === "") return incoming;
  const decoder = decoderOf(coding);
  // The error reaches whoever reads the decoder, which is destroyed with the source.
  return pipeline(incoming, decoder, () => undefined);
}

function decoderOf(
  coding: string,
): ReturnType<typeof createGunzip | typeof createInflate | typeof createBrotliDecompress> {
  if (coding === "gzip" || coding === "x-gzip") return createGunzip();
  if (coding === "deflate") return createInflate();
  if (coding === "br") return createBrotliDecompress();
  throw new Error("the response has a content coding that was not asked for");
}

async function readAll(stream: Readable, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error(`the response has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
