import type { Json, JsonObject } from "../model/json.ts";
import { parseIsoTime } from "./claims.ts";
import { parseHash } from "./expectation.ts";

/** What a claim must be. */
export type ClaimCheck = (value: Json | undefined) => boolean;

/** What each claim of one kind of token must be. Claims that it does not name carry no meaning. */
export type ClaimChecks<Claims> = Readonly<Record<keyof Claims, ClaimCheck>>;

export const isText: ClaimCheck = (value) => typeof value === "string";
export const isTextOrNull: ClaimCheck = (value) => value === null || typeof value === "string";
export const isOptionalText: ClaimCheck = (value) => value === undefined || typeof value === "string";
export const isTime: ClaimCheck = (value) => parseIsoTime(value) !== undefined;
export const isHash: ClaimCheck = (value) => parseHash(value) !== undefined;

/** One of these values and nothing else. */
export function isOneOf(...values: readonly (Json | undefined)[]): ClaimCheck {
  return (value) => values.includes(value);
}

/** True when every claim is as its check says. */
export function holdsClaims<Claims extends object>(
  claims: JsonObject,
  checks: ClaimChecks<Claims>,
): claims is JsonObject & Claims {
  return Object.entries<ClaimCheck>(checks).every(([name, holds]) => holds(claims[name]));
}
