import { LeashError } from "../errors.ts";
import { KEPT_MS } from "../store/sweep.ts";
import { isJsonObject } from "../strict-json.ts";
import { refused } from "./claims.ts";

/** Which time it is for a verifier. */
export interface TimeExpectation {
  /** Epoch milliseconds. Default: this machine's clock. */
  readonly now?: number;
  /** Milliseconds by which the two clocks may differ, a day at most. Default 0. */
  readonly skewMs?: number;
}

/** What everybody who checks a token states. */
export interface TokenExpectation extends TimeExpectation {
  /** Who the verifier is, as the issuer calls it. */
  readonly audience: string;
}

// Marks of used tokens are kept that long after their end: a token must not be valid for longer than its mark.
const SKEW_AT_MOST_MS = KEPT_MS;

/** @throws {LeashError} `LEASH_CONFIG_INVALID`. */
export function readTimeExpectation({ now = Date.now(), skewMs = 0 }: TimeExpectation): Required<TimeExpectation> {
  if (!Number.isSafeInteger(now)) throw malformedExpectation("now must be epoch milliseconds");
  if (!Number.isSafeInteger(skewMs) || skewMs < 0 || skewMs > SKEW_AT_MOST_MS) {
    throw malformedExpectation("skewMs must be milliseconds, from 0 to those of a day");
  }
  return { now, skewMs };
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID`. */
export function readExpectation(expected: TokenExpectation): Required<TokenExpectation> {
  requireStated(expected);
  return { audience: requireExpectedText("audience", expected.audience), ...readTimeExpectation(expected) };
}

/** Without types, somebody may leave it out. @throws {LeashError} `LEASH_CONFIG_INVALID`. */
export function requireStated(expected: unknown): void {
  if (!isJsonObject(expected)) throw malformedExpectation("nothing is stated");
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID`. */
export function requireExpectedText(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw malformedExpectation(`${name} must be a non-empty text`);
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID`. */
export function requireExpectedHash(name: string, value: unknown): string {
  const hash = parseHash(value);
  if (hash === undefined) throw malformedExpectation(`${name} must be a SHA-256 in lower-case hex`);
  return hash;
}

/** 64 lower-case hex digits, without the prefix `sha256:` that some write before them. */
export function parseHash(value: unknown): string | undefined {
  return typeof value === "string" ? /^(?:sha256:)?([0-9a-f]{64})$/.exec(value)?.[1] : undefined;
}

/** `LEASH_CONFIG_INVALID` with a problem of what a verifier expects: its own mistake, and no word on the token. */
export function malformedExpectation(problem: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `What to expect of a token is malformed: ${problem}.`);
}

/** When a token says that it holds. */
export interface StatedTimes {
  readonly iat: string;
  readonly nbf: string;
  readonly exp: string;
}

/**
 * @param lifetimeAtMostMs Milliseconds. One that claims to live longer is refused.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` (not valid yet, or times that contradict each other), `LEASH_TOKEN_EXPIRED`.
 */
export function requireTime(
  stated: StatedTimes,
  { now, skewMs }: Required<TimeExpectation>,
  lifetimeAtMostMs: number,
): void {
  const issuedAt = Date.parse(stated.iat);
  const notBefore = Date.parse(stated.nbf);
  const expiresAt = Date.parse(stated.exp);
  // Every comparison with NaN is false, so each condition is stated as what must hold.
  const isCoherent = issuedAt <= notBefore && notBefore < expiresAt && expiresAt - issuedAt <= lifetimeAtMostMs;
  if (!isCoherent) throw refused("its times contradict each other or give it too long a life");
  if (!(now + skewMs >= notBefore)) throw refused("it is not valid yet. Compare the clocks of issuer and verifier");
  if (!(now - skewMs < expiresAt)) {
    throw new LeashError("LEASH_TOKEN_EXPIRED", "The token was refused: it has expired. Ask for a new one.");
  }
}

/** @throws {LeashError} `LEASH_TOKEN_AUDIENCE`. */
export function requireAudience({ aud }: { readonly aud: string }, audience: string): void {
  if (aud === audience) return;
  throw new LeashError(
    "LEASH_TOKEN_AUDIENCE",
    "The token was refused: it was made for another audience. Check that its issuer calls you as you do.",
  );
}
