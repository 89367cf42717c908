/** One signing key per purpose, so that tokens of two kinds are never mistaken for one another. */
export const PURPOSES = ["proof", "approval", "attestation", "receipt", "session", "checkpoint"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The public half of a key, as published. Times in epoch milliseconds. */
export interface PublicKey {
  /** PASERK id, `k4.pid.…`. */
  readonly kid: string;
  readonly purpose: Purpose;
  /** PASERK `k4.public.…`. */
  readonly publicKey: string;
  readonly createdAt: number;
  /** Since when it signs, for a key that is published before. Default: since it was made. Verifiers need not look at it. */
  readonly activeFrom?: number;
  readonly revokedAt: number | null;
}

/** Public keys as JSON: what a stranger needs to check proofs. */
export interface KeySet {
  readonly v: 1;
  readonly keys: readonly PublicKey[];
}
