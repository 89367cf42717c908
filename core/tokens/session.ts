import type { BoundClaims } from "../model/claims.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Random } from "../model/runtime.ts";
import { boundChecks, type ClaimChecks, isOneOf, openClaims } from "./claim-checks.ts";
import { refused } from "./claims.ts";
import {
  malformedExpectation,
  readExpectation,
  requireAudience,
  requireTime,
  type TokenExpectation,
} from "./expectation.ts";
import { type IssuedToken, issueToken } from "./issue.ts";
import type { Signer } from "./keys.ts";

/** Milliseconds: eight hours. How long a session lasts unless its issuer says otherwise. */
export const SESSION_TTL_MS = 28_800_000;

/** Milliseconds: a day. None lasts longer. */
export const SESSION_TTL_CAP_MS = 86_400_000;

/** Who has a session. An agent's must never pass for a person's: people approve. */
export type SessionActor = "agent" | "person";

/**
 * What a session says: to this server (`aud`) its bearer is this agent or person (`sub`). It says nothing of what they may do. By
 * its `jti` one can be ended before its time, where a server keeps a list of those.
 */
export interface SessionClaims extends BoundClaims<"session"> {
  readonly actor_type: SessionActor;
}

/** What a session is made of. */
export interface SessionInput {
  readonly tenant: string;
  readonly subject: string;
  readonly actor: SessionActor;
  readonly audience: string;
  /** Epoch milliseconds, of the store's clock. */
  readonly now: number;
  /** Milliseconds. Default 28,800,000 (eight hours), at most 86,400,000. */
  readonly ttlMs?: number;
  readonly random: Random;
}

/**
 * A token by which a server knows again whom it has let in.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE` when the signer is not one for sessions, `LEASH_INPUT_INVALID` when a time or the lifetime
 * is none.
 */
export function issueSession(signer: Signer, input: SessionInput): IssuedToken {
  const { actor, audience, now, random, subject, tenant, ttlMs = SESSION_TTL_MS } = input;
  const claims = { sub: subject, actor_type: actor, aud: audience, tenant };
  const lifetime = { now, ttlMs, capMs: SESSION_TTL_CAP_MS };
  return issueToken(signer, "session", claims, { lifetime, random });
}

/** What a server expects of a session. */
export interface SessionExpectation extends TokenExpectation {
  /** Whom it lets in here. */
  readonly actor: SessionActor;
  /** Default: any tenant; go by the claim then. */
  readonly tenant?: string;
}

/**
 * Checks a session and returns whose it is.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` (also for another tenant, or an agent in a person's place), `LEASH_TOKEN_PURPOSE`,
 * `LEASH_TOKEN_REVOKED`, `LEASH_TOKEN_EXPIRED`, `LEASH_TOKEN_AUDIENCE`; `LEASH_CONFIG_INVALID` when `keys` or `expected` are malformed.
 * @example const { sub, tenant } = verifySession(token, keys, { audience: "leash.example.com", actor: "person" });
 */
export function verifySession(
  token: string,
  keys: KeySet | readonly PublicKey[],
  expected: SessionExpectation,
): SessionClaims {
  const { audience, now, skewMs } = readExpectation(expected);
  const { actor, tenant } = expected;
  if (!isActor(actor)) throw malformedExpectation('actor must be "agent" or "person"');
  const claims = openClaims(token, "session", keys, CLAIMS);
  requireTime(claims, { now, skewMs }, SESSION_TTL_CAP_MS);
  requireAudience(claims, audience);
  if (claims.actor_type !== actor)
    throw refused(`it is not the session of ${actor === "person" ? "a person" : "an agent"}`);
  if (tenant !== undefined && claims.tenant !== tenant) throw refused("it is another tenant's");
  return claims;
}

const isActor = isOneOf("agent", "person");

const CLAIMS: ClaimChecks<SessionClaims> = { ...boundChecks("session"), actor_type: isActor };
