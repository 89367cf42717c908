import { isUtf8 } from "node:buffer";
import { LeashError } from "../errors.ts";
import { SIGNATURE_BYTES, type SigningKey, type VerifyingKey } from "./ed25519.ts";

/** PASETO v4.public tokens without a footer: https://github.com/paseto-standard/paseto-spec, docs/01-Protocol-Versions/Version4.md. */
const HEADER = "v4.public.";

/** UTF-16 units of a token; longer ones are neither made nor read. */
export const MAX_TOKEN_LENGTH = 65_536;

/**
 * Signs a payload. Whoever opens the token must state the same implicit assertion, which is signed but not part of the token.
 * @throws {LeashError} `LEASH_INPUT_INVALID` when the payload holds a lone surrogate or makes too long a token.
 */
export function signV4(payload: string, key: SigningKey, implicit: string): string {
  const message = Buffer.from(payload);
  if (message.toString() !== payload) throw unsignable("it holds a lone surrogate");
  const signature = key.sign(preAuthenticationEncoding(message, implicit));
  const token = HEADER + Buffer.concat([message, signature]).toString("base64url");
  if (token.length > MAX_TOKEN_LENGTH)
    throw unsignable(`its token would be longer than ${MAX_TOKEN_LENGTH} characters`);
  return token;
}

/**
 * The payload of a token, or undefined when anything about it is off: another version or purpose, a footer, base64url that is
 * padded or not canonical, bytes that are not UTF-8, another key, another implicit assertion, a single changed bit.
 */
export function openV4(token: string, key: VerifyingKey, implicit: string): string | undefined {
  const read = readV4(token);
  return read?.isSignedWith(key, implicit) === true ? read.payload : undefined;
}

/** The payload of a well-formed token, NOT verified: good only for finding out which key to verify it with. */
export function peekV4(token: string): string | undefined {
  return readV4(token)?.payload;
}

/** A well-formed token. Its payload is worth something only once it is known to be signed. */
export interface ReadToken {
  readonly payload: string;
  isSignedWith(key: VerifyingKey, implicit: string): boolean;
}

/** Undefined when it is not a well-formed v4.public token without a footer. */
export function readV4(token: string): ReadToken | undefined {
  const parts = split(token);
  return (
    parts && {
      payload: parts.message.toString(),
      isSignedWith: (key, implicit) => key.verify(preAuthenticationEncoding(parts.message, implicit), parts.signature),
    }
  );
}

function split(token: string): { readonly message: Buffer; readonly signature: Buffer } | undefined {
  if (token.length > MAX_TOKEN_LENGTH || !token.startsWith(HEADER)) return undefined;
  const body = token.slice(HEADER.length);
  const bytes = Buffer.from(body, "base64url");
  // Node decodes leniently; only the one canonical spelling encodes back to itself. A footer's dot does not.
  if (bytes.toString("base64url") !== body || bytes.length <= SIGNATURE_BYTES) return undefined;
  const end = bytes.length - SIGNATURE_BYTES;
  const message = bytes.subarray(0, end);
  return isUtf8(message) ? { message, signature: bytes.subarray(end) } : undefined;
}

/** PAE of header, message, (empty) footer and implicit assertion; docs/01-Protocol-Versions/Common.md of the specification. */
function preAuthenticationEncoding(message: Uint8Array, implicit: string): Buffer {
  const implicitBytes = Buffer.byteLength(implicit);
  const encoded = Buffer.alloc(5 * LENGTH_BYTES + HEADER.length + message.length + implicitBytes);
  let at = writeLength(encoded, PIECES, 0);
  at = writeLength(encoded, HEADER.length, at);
  at += encoded.write(HEADER, at, "latin1");
  at = writeLength(encoded, message.length, at);
  encoded.set(message, at);
  at = writeLength(encoded, 0, at + message.length);
  at = writeLength(encoded, implicitBytes, at);
  encoded.write(implicit, at);
  return encoded;
}

/** Header, message, footer, implicit assertion. */
const PIECES = 4;

/** Each length is a little-endian number of 64 bits. */
const LENGTH_BYTES = 8;

/** Returns where the next piece begins. The upper bytes are zero already. */
function writeLength(target: Buffer, length: number, at: number): number {
  target.writeUIntLE(length, at, 6);
  return at + LENGTH_BYTES;
}

function unsignable(problem: string): LeashError {
  return new LeashError("LEASH_INPUT_INVALID", `The payload cannot be signed: ${problem}.`);
}
