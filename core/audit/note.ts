import { hash } from "node:crypto";
import { LeashError } from "../errors.ts";
import { ed25519, PUBLIC_KEY_BYTES } from "../tokens/ed25519.ts";

/** What a key signs, as the first byte before it says: notes as they are, or a witness's word with its time. */
export const NOTE_SIGNATURE = 0x01;
export const COSIGNATURE = 0x04;
export type SignatureType = typeof NOTE_SIGNATURE | typeof COSIGNATURE;

/** Somebody whose signatures count, and the one way in which they sign. */
export interface NoteVerifier {
  readonly name: string;
  readonly type: SignatureType;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** A C2SP signed note, taken apart and not verified. */
export interface SignedNote {
  /** What is signed, with its final line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const MAX_NOTE_LENGTH = 1_048_576;
const MAX_SIGNATURES = 100;
const KEY_ID_BYTES = 4;
const NAME = /^[^\s+]+$/u;
const SIGNATURE_LINE = /^— (\S+) (\S+)$/u;
// Everything below U+0020 but the line feed.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x09\x0B-\x1F]/u;

/**
 * Takes a signed note apart (https://c2sp.org/signed-note). Nothing in it counts before a signature was verified.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` for anything else, or more than 1 MiB or 100 signatures.
 */
export function parseNote(note: string): SignedNote {
  if (note.length > MAX_NOTE_LENGTH) throw malformed("it is longer than 1 MiB");
  if (!note.isWellFormed() || CONTROL.test(note)) throw malformed("it holds control characters or half a character");
  const split = note.lastIndexOf("\n\n");
  if (split === -1 || !note.endsWith("\n")) throw malformed("it has no text, blank line and signatures");
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw malformed("it has more than 100 signatures");
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const [, name = "", base64 = ""] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = Buffer.from(base64, "base64");
  if (!NAME.test(name) || bytes.toString("base64") !== base64 || bytes.length <= KEY_ID_BYTES) {
    throw malformed("a line below its text is no signature");
  }
  return {
    name,
    keyId: bytes.toString("hex", 0, KEY_ID_BYTES),
    signature: bytes.subarray(KEY_ID_BYTES),
  };
}

/** A signature as a line of a note, with its line feed. */
export function signatureLine({ keyId, name, signature }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([Buffer.from(keyId, "hex"), signature]).toString("base64")}\n`;
}

/** First four bytes, as hex, of SHA-256(name LF type key): which key a signature claims to be of. */
export function noteKeyId({ name, publicKey, type }: NoteVerifier): string {
  return hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), Uint8Array.of(type), publicKey]), "hex").slice(
    0,
    2 * KEY_ID_BYTES,
  );
}

/** The verifier as a C2SP verifier key, `name+id+base64`: what other people's tools ask for. */
export function verifierKey(verifier: NoteVerifier): string {
  const { name, publicKey, type } = verifier;
  return `${name}+${noteKeyId(verifier)}+${Buffer.concat([Uint8Array.of(type), publicKey]).toString("base64")}`;
}

/**
 * Reads a C2SP verifier key.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for another algorithm, a wrong id, or anything malformed.
 */
export function parseVerifierKey(text: string): NoteVerifier {
  const [name = "", keyId = "", ...rest] = text.split("+");
  const bytes = Buffer.from(rest.join("+"), "base64");
  const [type] = bytes;
  if (type === NOTE_SIGNATURE || type === COSIGNATURE) {
    const verifier: NoteVerifier = { name, type, publicKey: bytes.subarray(1) };
    const isWhole = bytes.length === 1 + PUBLIC_KEY_BYTES && NAME.test(name);
    if (isWhole && noteKeyId(verifier) === keyId && verifierKey(verifier) === text) return verifier;
  }
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    "A verifier key is not name+id+base64 of an Ed25519 key for notes or cosignatures. Use the text exactly as it was published.",
  );
}

/** The signatures of a note that claim to be of this key. */
export function signaturesOf(note: SignedNote, verifier: NoteVerifier): readonly NoteSignature[] {
  const keyId = noteKeyId(verifier);
  return note.signatures.filter((signature) => signature.name === verifier.name && signature.keyId === keyId);
}

/**
 * True when this key has signed the note's text, false when it has not.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` for a signature that claims to be of this key and does not hold.
 */
export function isSignedBy(note: SignedNote, verifier: NoteVerifier): boolean {
  const claimed = signaturesOf(note, verifier);
  const key = ed25519().verifyingKey(verifier.publicKey);
  const text = Buffer.from(note.text);
  if (claimed.every(({ signature }) => key.verify(text, signature))) return claimed.length > 0;
  throw malformed("a signature of a known key does not hold");
}

function malformed(problem: string): LeashError {
  return new LeashError(
    "LEASH_TOKEN_INVALID",
    `The signed note does not count: ${problem}. Use it exactly as it was written, and the keys of the log that wrote it.`,
  );
}
