import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { LeashError } from "../../errors.ts";

/** Where a sink posts to, and who it says it is. */
export interface Target {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for one request. */
  readonly timeoutMs: number;
}

export interface TargetOptions {
  readonly url: string;
  /** Values as they are sent, or `env:NAME` for what an environment variable holds. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as `Authorization: Bearer …`: the token itself or `env:NAME`. */
  readonly bearer: string | null;
  readonly timeoutMs: number;
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID`, which shows neither the URL nor a header's value. */
export function readTarget(what: string, { bearer, headers, timeoutMs, url: text }: TargetOptions): Target {
  const fail = (problem: string): never => {
    throw new LeashError("LEASH_CONFIG_INVALID", `The options for ${what} are wrong: ${problem}.`);
  };
  if (!URL.canParse(text)) fail("`url` is no URL");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") fail("`url` must start with http:// or https://");
  if (url.username !== "" || url.password !== "") fail("`url` holds a credential. Use `bearer` or `headers`");
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) fail("`timeoutMs` must be a whole number from 1");
  const all = bearer === null ? headers : { ...headers, authorization: `Bearer ${fromEnvironment(what, bearer)}` };
  const read = Object.entries(all).map(([name, value]) => [name.toLowerCase(), fromEnvironment(what, value)] as const);
  try {
    for (const [name, value] of read) new Headers().append(name, value);
  } catch {
    fail("a header cannot be sent as it is");
  }
  return { url, headers: Object.fromEntries(read), timeoutMs };
}

function fromEnvironment(what: string, value: string): string {
  const [, name] = /^env:(\w+)$/u.exec(value) ?? [];
  if (name === undefined) return value;
  const found = process.env[name];
  if (found !== undefined && found !== "") return found;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    `The options for ${what} name the environment variable ${name}, and it is not set. Set it, or give the value itself.`,
  );
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What is read of an answer. */
const MOST_CHARACTERS = 65_536;
/** The longest pause that a collector can ask for. Milliseconds. */
const LONGEST_PAUSE_MS = 60_000;

/** Posts to one target. Between two tries it keeps the pause that the other side asked for. */
export function createPoster(sink: string, target: Target) {
  let notBefore = 0;
  return {
    /** @throws {LeashError} `LEASH_CONFIG_INVALID` for an answer that asks for other requests, `LEASH_STORE_UNAVAILABLE` otherwise. */
    async post(body: string, headers: Readonly<Record<string, string>>): Promise<string> {
      if (performance.now() < notBefore) throw unavailable(sink, "asked for a pause, which is not over");
      const { retryAfter, ...answer } = await exchange(target, body, headers).catch((cause: unknown) => {
        throw unavailable(sink, "cannot be reached", cause);
      });
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      notBefore = performance.now() + Math.min(1_000 * (Number(retryAfter) || 0), LONGEST_PAUSE_MS);
      throw refused(sink, answer.status);
    },
  };
}

const PASSING = new Set([408, 425, 429]);

function refused(sink: string, status: number): LeashError {
  if (status >= 500 || PASSING.has(status)) return unavailable(sink, `answered with HTTP status ${status}`);
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `The audit sink ${JSON.stringify(sink)} refuses the lines with HTTP status ${status}. Check its address, its token and what it takes; the lines stay in the store meanwhile.`,
  );
}

function unavailable(sink: string, problem: string, cause?: unknown): LeashError {
  return new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    `The audit sink ${JSON.stringify(sink)} ${problem}. It is tried again; the lines stay in the store meanwhile.`,
    { cause },
  );
}

/** The agents of `node:http` keep the connection for the next request. */
function exchange(
  { headers: own, timeoutMs, url }: Target,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer & { readonly retryAfter: string | undefined }> {
  const request = url.protocol === "https:" ? requestSecure : requestPlain;
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body);
    const signal = AbortSignal.timeout(timeoutMs);
    const all = { ...own, ...headers, "content-length": String(bytes.length) };
    const outgoing = request(url, { method: "POST", headers: all, signal }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk: string) => {
        if (text.length < MOST_CHARACTERS) text += chunk;
      });
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({ status: incoming.statusCode ?? 0, body: text, retryAfter: incoming.headers["retry-after"] }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(bytes);
  });
}
