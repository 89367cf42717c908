import type { BoundClaims, CommonClaims } from "../model/claims.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey, Purpose } from "../model/keys.ts";
import { ISSUER, openToken, parseIsoTime, refused } from "./claims.ts";
import { parseHash } from "./expectation.ts";

/** What a claim must be. */
export type ClaimCheck = (value: Json | undefined) => boolean;

/** What each claim of one kind of token must be. Claims that it does not name carry no meaning. */
export type ClaimChecks<Claims> = Readonly<Record<keyof Claims, ClaimCheck>>;

export const isText: ClaimCheck = (value) => typeof value === "string";
export const isTime: ClaimCheck = (value) => parseIsoTime(value) !== undefined;
export const isHash: ClaimCheck = (value) => parseHash(value) !== undefined;

/** One of these values and nothing else. */
export function isOneOf(...values: readonly (Json | undefined)[]): ClaimCheck {
  return (value) => values.includes(value);
}

export function isOptional(holds: ClaimCheck): ClaimCheck {
  return (value) => value === undefined || holds(value);
}

export function isNullOr(holds: ClaimCheck): ClaimCheck {
  return (value) => value === null || holds(value);
}

export function isListOf(holds: ClaimCheck): ClaimCheck {
  return (value) => Array.isArray(value) && value.every((element: Json) => holds(element));
}

/** What every token of a kind must say. */
export function commonChecks<Kind extends Purpose>(purpose: Kind): ClaimChecks<CommonClaims<Kind>> {
  return {
    v: isOneOf(1),
    iss: isOneOf(ISSUER),
    purpose: isOneOf(purpose),
    kid: isText,
    jti: isText,
    iat: isTime,
    tenant: isText,
  };
}

/** The same, of a kind that is for one verifier and for a while. */
export function boundChecks<Kind extends Purpose>(purpose: Kind): ClaimChecks<BoundClaims<Kind>> {
  return { ...commonChecks(purpose), sub: isText, aud: isText, nbf: isTime, exp: isTime };
}

/** True when every claim is as its check says. */
export function holdsClaims<Claims extends object>(
  claims: JsonObject,
  checks: ClaimChecks<Claims>,
): claims is JsonObject & Claims {
  return Object.entries<ClaimCheck>(checks).every(([name, holds]) => holds(claims[name]));
}

/**
 * The claims of a token whose signature, key and purpose hold, and which has all claims of its kind. Whom it is for, and when, is
 * the caller's to check.
 * @throws {LeashError} as `openToken`; `LEASH_TOKEN_INVALID` also where a claim is missing or malformed.
 */
export function openClaims<Claims extends object>(
  token: string,
  purpose: Purpose,
  keys: KeySet | readonly PublicKey[],
  checks: ClaimChecks<Claims>,
): JsonObject & Claims {
  const claims = openToken(token, purpose, keys);
  if (!holdsClaims(claims, checks)) throw refused("a claim is missing or malformed");
  return claims;
}
