import { LeashError } from "../errors.ts";
import type { KeySet } from "../model/keys.ts";
import type { Checkpoint } from "../model/log.ts";
import { ed25519 } from "../tokens/ed25519.ts";
import { decodeSecretKey } from "../tokens/paserk.ts";
import { verifyCheckpoint } from "./checkpoint.ts";
import {
  COSIGNATURE,
  noteKeyId,
  type NoteVerifier,
  parseNote,
  parseVerifierKey,
  signatureLine,
  signaturesOf,
  verifierKey,
} from "./note.ts";
import { verifyConsistency } from "./proofs.ts";

/** Somebody who watches a log and says so. Each witness has a key of its own, used for nothing else. */
export interface Witness {
  /** Such as `witness.example/w1`: no spaces, no plus sign. */
  readonly name: string;
  /** PASERK `k4.secret`. Whoever reads it can sign. */
  readonly secretKey: string;
}

export interface CosignOptions {
  /** The log's published keys. */
  readonly keys: KeySet;
  /** The last checkpoint of this log that this witness signed; null for the first. The witness keeps it itself. */
  readonly last: Pick<Checkpoint, "origin" | "size" | "root"> | null;
  /** Hashes that prove that the last one is the beginning of this one, as hex; none for the first or the same size. */
  readonly consistency: readonly string[];
  /** Epoch milliseconds; signed in whole seconds. */
  readonly now: number;
}

const TIME_BYTES = 8;

/**
 * A witness's word that this is the largest tree it saw of the log and that nothing it saw before was changed: the note, with a
 * C2SP cosignature (`cosignature/v1`, Ed25519) added. It is not added where that was not proven.
 *
 * @throws {LeashError} `LEASH_LOG_INVALID` when the last one is not the beginning of this one; and as `verifyCheckpoint`.
 */
export function cosign(note: string, witness: Witness, { consistency, keys, last, now }: CosignOptions): string {
  const checkpoint = verifyCheckpoint(note, keys, last === null ? {} : { origin: last.origin });
  if (last !== null && !verifyConsistency({ from: last, to: checkpoint, path: consistency })) {
    throw new LeashError(
      "LEASH_LOG_INVALID",
      `The log of ${checkpoint.size} records does not continue the one of ${last.size} that was witnessed, so it was not signed. ` +
        "Keep both checkpoints: together they show that the log was rewritten.",
    );
  }
  const key = decodeSecretKey(witness.secretKey);
  const seconds = Math.floor(now / 1_000);
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(seconds));
  const signature = Buffer.concat([time, key.sign(cosignedBytes(parseNote(note).text, `${seconds}`))]);
  const verifier: NoteVerifier = { name: witness.name, type: COSIGNATURE, publicKey: key.publicKey };
  parseVerifierKey(verifierKey(verifier));
  return `${note}${signatureLine({ name: witness.name, keyId: noteKeyId(verifier), signature })}`;
}

/** A witness whose signature holds, and when it signed. */
export interface Cosignature {
  readonly name: string;
  /** Epoch milliseconds, in whole seconds. */
  readonly at: number;
}

/**
 * The witnesses, of those that count, which have signed a checkpoint. How many there must be is the reader's to say. The log's own
 * signature is checked by `verifyCheckpoint`.
 *
 * @param witnesses C2SP verifier keys, as the witnesses publish them.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` when a signature that claims to be of one of them does not hold;
 * `LEASH_CONFIG_INVALID` for a malformed verifier key.
 */
export function verifyCosignatures(note: string, witnesses: readonly string[]): readonly Cosignature[] {
  const parsed = parseNote(note);
  return witnesses.map(parseVerifierKey).flatMap((verifier) => {
    if (verifier.type !== COSIGNATURE) {
      throw new LeashError("LEASH_CONFIG_INVALID", "A witness's verifier key is not one for cosignatures (type 4).");
    }
    const key = ed25519().verifyingKey(verifier.publicKey);
    return signaturesOf(parsed, verifier).map(({ name, signature }) => {
      const bytes = Buffer.from(signature);
      const seconds = bytes.length > TIME_BYTES ? bytes.readBigUInt64BE() : -1n;
      const message = cosignedBytes(parsed.text, `${seconds}`);
      if (seconds > MAX_SECONDS || !key.verify(message, bytes.subarray(TIME_BYTES))) {
        throw new LeashError(
          "LEASH_TOKEN_INVALID",
          "A witness's signature does not hold, so the checkpoint does not count. Use it exactly as it was written.",
        );
      }
      return { name, at: Number(seconds) * 1_000 };
    });
  });
}

/** The year 275760: what JavaScript's dates can say. */
const MAX_SECONDS = 8_640_000_000_000n;

function cosignedBytes(text: string, seconds: string): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
}
