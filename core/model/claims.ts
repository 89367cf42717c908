import type { Purpose } from "./keys.ts";

/** What attestations, proofs, receipts and sessions all say. Times are ISO 8601 in UTC with milliseconds. */
export interface CommonClaims<Kind extends Purpose> {
  /** The format's version. */
  readonly v: 1;
  readonly iss: "leashkit";
  /** The kind of token: no kind passes for another. */
  readonly purpose: Kind;
  /** PASERK `k4.pid` of the key that signed. */
  readonly kid: string;
  /** UUIDv7: tells this token from every other. */
  readonly jti: string;
  readonly iat: string;
  readonly tenant: string;
}

/** What those of them say that are for one verifier, and for a while: all but receipts. */
export interface BoundClaims<Kind extends Purpose> extends CommonClaims<Kind> {
  readonly sub: string;
  readonly aud: string;
  readonly nbf: string;
  readonly exp: string;
}
