import { createHmac, timingSafeEqual } from "node:crypto";
import { LeashError } from "./errors.ts";

/** What is sent beside the body. The names are those of the specification, in lower case. */
export interface WebhookHeaders {
  readonly "webhook-id": string;
  /** Whole seconds since the epoch. */
  readonly "webhook-timestamp": string;
  /** One or more `v1,<base64>`, with spaces between. */
  readonly "webhook-signature": string;
}

/** What a message says of itself. */
export interface WebhookMessage {
  /** The same in every attempt to deliver one message, so that the receiver can tell a repetition. Without full stops. */
  readonly id: string;
  /** Epoch milliseconds of this attempt. It travels in whole seconds. */
  readonly sentAt: number;
}

export interface VerifyWebhookOptions {
  /** Epoch milliseconds. Default: this machine's clock. */
  readonly now?: number;
  /** Milliseconds by which a message may be older, or newer, than `now`. Default 300,000. */
  readonly toleranceMs?: number;
}

const TOLERANCE_MS = 300_000;
const SECRET_PREFIX = "whsec_";
const VERSION_PREFIX = "v1,";
/** Bytes of a secret, by the specification. */
const SECRET_BYTES = { least: 24, most: 64 };
/** A receiver need not compare without end. */
const MOST_SIGNATURES = 16;

/**
 * Signs a message as Standard Webhooks 1.0 asks (https://www.standardwebhooks.com, symmetric scheme `v1`): HMAC-SHA256 over
 * `id.timestamp.body`.
 *
 * @param body The exact bytes that are sent; a text is sent as UTF-8.
 * @param secrets `whsec_` and base64 of 24 to 64 bytes; the prefix may be missing. While a secret is being exchanged give both:
 * the receiver takes either signature.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for a secret that is none, `LEASH_INPUT_INVALID` for an id or a time that no
 * header can carry.
 * @example
 * const headers = signWebhook({ id: "msg_1", sentAt: Date.now() }, body, secret);
 * await fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body });
 */
export function signWebhook(
  { id, sentAt }: WebhookMessage,
  body: string | Uint8Array,
  secrets: string | readonly string[],
): WebhookHeaders {
  if (!isId(id))
    throw new LeashError("LEASH_INPUT_INVALID", `The webhook cannot be signed: its id is not ${ID_SHAPE}.`);
  if (!Number.isSafeInteger(sentAt) || sentAt < 0) {
    throw new LeashError("LEASH_INPUT_INVALID", "The webhook cannot be signed: `sentAt` must be epoch milliseconds.");
  }
  const timestamp = String(Math.floor(sentAt / 1_000));
  const signatures = keysOf(secrets).map((key) => VERSION_PREFIX + mac(key, id, timestamp, body).toString("base64"));
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

/**
 * Checks a message that claims to come from whoever knows the secret. Signatures of other versions are passed over. It does not
 * say that the message comes for the first time: keep its `id` as long as `toleranceMs` where a repetition would matter.
 *
 * @param headers As received, under any spelling of their names: `Headers`, or the object of `node:http`.
 * @param body The exact bytes that were received, before anything parsed them.
 * @param secrets As for `signWebhook`; any one of them may have signed.
 * @returns What the message says of itself; `sentAt` in whole seconds.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` (a header is missing, twice there or malformed; no signature fits; from the future),
 * `LEASH_TOKEN_EXPIRED` (too old), `LEASH_CONFIG_INVALID` for a secret that is none.
 * @example
 * const { id } = verifyWebhook(request.headers, await readBytes(request), process.env.WEBHOOK_SECRET);
 */
export function verifyWebhook(
  headers: Headers | Readonly<Record<string, unknown>>,
  body: string | Uint8Array,
  secrets: string | readonly string[],
  options: VerifyWebhookOptions = {},
): WebhookMessage {
  const { now = Date.now(), toleranceMs = TOLERANCE_MS } = options;
  if (!Number.isSafeInteger(now) || !Number.isSafeInteger(toleranceMs) || toleranceMs < 0) {
    throw new LeashError("LEASH_CONFIG_INVALID", "`now` and `toleranceMs` must be whole milliseconds, 0 or more.");
  }
  const keys = keysOf(secrets);
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature").split(" ").slice(0, MOST_SIGNATURES);
  if (!isId(id)) throw refused(`its id is not ${ID_SHAPE}`);
  if (!/^\d{1,12}$/.test(timestamp)) throw refused("its timestamp is not a number of seconds");
  if (!keys.some((key) => isSigned(mac(key, id, timestamp, body), signatures))) throw refused("no signature fits it");
  const sentAt = Number(timestamp) * 1_000;
  if (sentAt > now + toleranceMs) throw refused("it comes from the future. Compare the clocks of sender and receiver");
  if (sentAt < now - toleranceMs) {
    throw new LeashError(
      "LEASH_TOKEN_EXPIRED",
      "The webhook was refused: it is too old. Compare the clocks, or resend it.",
    );
  }
  return { id, sentAt };
}

/** A full stop would let the end of an id pass for a timestamp. */
const ID_SHAPE = "1 to 256 visible ASCII characters without a full stop";

function isId(id: unknown): id is string {
  return typeof id === "string" && /^[!-\-/-~]{1,256}$/.test(id);
}

function mac(key: Buffer, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
}

function isSigned(expected: Buffer, signatures: readonly string[]): boolean {
  return signatures.some((signature) => {
    if (!signature.startsWith(VERSION_PREFIX)) return false;
    const claimed = Buffer.from(signature.slice(VERSION_PREFIX.length), "base64");
    return claimed.length === expected.length && timingSafeEqual(claimed, expected);
  });
}

/** The one value of a header. Two of them, or two spellings of its name, are not one message. */
function header(headers: Headers | Readonly<Record<string, unknown>>, name: string): string {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  const [value, ...others] = entries.filter(([key]) => key.toLowerCase() === name).map(([, found]) => found);
  if (typeof value !== "string" || value === "" || others.length > 0) {
    throw refused(`its header ${name} is missing, empty or there more than once`);
  }
  return value;
}

function keysOf(secrets: string | readonly string[]): readonly Buffer[] {
  const keys = (typeof secrets === "string" ? [secrets] : (secrets ?? [])).map(keyOf);
  if (keys.length === 0) throw unusable("there is none");
  return keys;
}

function keyOf(secret: unknown): Buffer {
  if (typeof secret !== "string") throw unusable("it is not a text");
  const text = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
  const key = Buffer.from(text, "base64");
  // Node decodes leniently: half a secret, or one of another alphabet, would become some other key.
  if (key.toString("base64").replace(/=+$/, "") !== text.replace(/=+$/, "")) throw unusable("it is not base64");
  if (key.length < SECRET_BYTES.least || key.length > SECRET_BYTES.most) {
    throw unusable(`it has ${key.length} bytes and not ${SECRET_BYTES.least} to ${SECRET_BYTES.most}`);
  }
  return key;
}

function unusable(problem: string): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `The webhook's secret cannot be used: ${problem}. Secrets are whsec_ and base64, such as \`whsec_\${randomBytes(32).toString("base64")}\`.`,
  );
}

function refused(problem: string): LeashError {
  return new LeashError("LEASH_TOKEN_INVALID", `The webhook was refused: ${problem}.`);
}
