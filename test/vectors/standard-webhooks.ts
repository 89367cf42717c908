import { isLeashError, type LeashErrorCode } from "../../core/errors.ts";
import { signWebhook, verifyWebhook } from "../../core/webhooks.ts";
import { expectThat, readText, refuses, type Outcome, type VectorSuite } from "./suite.ts";

interface WebhookCase {
  readonly secret: string;
  readonly id: string;
  readonly timestamp: string;
  readonly payload: string;
  readonly signature: string;
}

interface WebhookVectors {
  readonly cases: readonly WebhookCase[];
  /** Sentences: what every library that follows the specification refuses, and what it takes. */
  readonly must_fail: readonly string[];
  readonly must_pass: readonly string[];
}

const LATENCY_MS = 5_000;
/** Beyond the five minutes by which a message may be early or late. */
const TOO_LONG_MS = 300_000 + 2_000;

/** Whether a message with these members in the place of its own is taken, five seconds after it was sent. */
function takes(sent: WebhookCase, changed: Record<string, unknown> = {}, secret: unknown = sent.secret): boolean {
  const own = { "webhook-id": sent.id, "webhook-timestamp": sent.timestamp, "webhook-signature": sent.signature };
  const now = Number(sent.timestamp) * 1_000 + LATENCY_MS;
  // A secret that is not a text is among the published cases.
  return verifyWebhook({ ...own, ...changed }, sent.payload, secret as string, { now }).id === sent.id;
}

/** A well-signed message of another time: only its time may be what is wrong with it. */
function sentAt(sent: WebhookCase, offsetMs: number): Record<string, unknown> {
  const time = Number(sent.timestamp) * 1_000 + LATENCY_MS + offsetMs;
  return { ...signWebhook({ id: sent.id, sentAt: time }, sent.payload, sent.secret) };
}

const without = (name: string): Record<string, unknown> => ({ [name]: undefined });

type Attempt = (sent: WebhookCase) => unknown;

/** Each published sentence in code, with the codes that it must be refused with. */
const MUST_FAIL: Readonly<Record<string, { readonly code: LeashErrorCode; readonly attempts: readonly Attempt[] }>> = {
  "empty, undefined, null key": {
    code: "LEASH_CONFIG_INVALID",
    attempts: ["", undefined, null].map((secret) => (sent) => {
      return verifyWebhook({}, sent.payload, secret as unknown as string);
    }),
  },
  "whsec_ with no body": { code: "LEASH_CONFIG_INVALID", attempts: [(sent) => takes(sent, {}, "whsec_")] },
  "missing id": { code: "LEASH_TOKEN_INVALID", attempts: [(sent) => takes(sent, without("webhook-id"))] },
  "missing timestamp": { code: "LEASH_TOKEN_INVALID", attempts: [(sent) => takes(sent, without("webhook-timestamp"))] },
  "timestamp not a number": {
    code: "LEASH_TOKEN_INVALID",
    attempts: [(sent) => takes(sent, { "webhook-timestamp": "hello" })],
  },
  "missing signature": { code: "LEASH_TOKEN_INVALID", attempts: [(sent) => takes(sent, without("webhook-signature"))] },
  "invalid signature": {
    code: "LEASH_TOKEN_INVALID",
    attempts: [(sent) => takes(sent, { "webhook-signature": sent.signature.replace("v1,g", "v1,h") })],
  },
  "partial signature": {
    code: "LEASH_TOKEN_INVALID",
    attempts: [
      (sent) => takes(sent, { "webhook-signature": sent.signature.slice(0, 8) }),
      (sent) => takes(sent, { "webhook-signature": "v1," }),
    ],
  },
  "timestamp too old (> 5 min)": {
    code: "LEASH_TOKEN_EXPIRED",
    attempts: [(sent) => takes(sent, sentAt(sent, -TOO_LONG_MS))],
  },
  "timestamp too new (> 5 min)": {
    code: "LEASH_TOKEN_INVALID",
    attempts: [(sent) => takes(sent, sentAt(sent, TOO_LONG_MS))],
  },
};

const MUST_PASS: Readonly<Record<string, (sent: WebhookCase) => boolean>> = {
  "valid signature": (sent) => takes(sent),
  "multi-sig payload: several signatures in the header, one valid": (sent) =>
    takes(sent, { "webhook-signature": `v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x ${sent.signature}` }),
  "secret with and without the whsec_ prefix": (sent) =>
    takes(sent) && takes(sent, {}, sent.secret.replace("whsec_", "")),
};

/** https://github.com/standard-webhooks/standard-webhooks: the signature of a message, and what its test suites cover. */
export const standardWebhooks: VectorSuite = {
  name: "Standard Webhooks",
  passesAtLeast: 14,
  run(folder) {
    const vectors: WebhookVectors = JSON.parse(readText(folder, "standard-webhooks", "vectors.json"));
    return vectors.cases.flatMap((sent) => [
      expectThat(`${sent.id} is signed`, () => {
        const message = { id: sent.id, sentAt: Number(sent.timestamp) * 1_000 };
        return signWebhook(message, sent.payload, sent.secret)["webhook-signature"] === sent.signature;
      }),
      ...vectors.must_fail.map((what) => mustFail(what, sent)),
      ...vectors.must_pass.map((what) => expectThat(what, () => MUST_PASS[what]?.(sent) ?? false)),
    ]);
  },
};

function mustFail(what: string, sent: WebhookCase): Outcome {
  const expected = MUST_FAIL[what];
  return expectThat(what, () => {
    if (expected === undefined) return false;
    const { code, attempts } = expected;
    return attempts.every((attempt) =>
      refuses(
        () => attempt(sent),
        (error) => isLeashError(error, code),
      ),
    );
  });
}
