import type { Random } from "./model/runtime.ts";

/** A UUIDv7 (RFC 9562 section 5.7): 48 bits of time in milliseconds, 74 random bits. */
export function uuidv7(now: number, random: Random): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, Math.floor(now)), 0, 6);
  bytes.set(random(10), 6);
  return format(bytes, 7);
}

/** A UUIDv8 (RFC 9562 section 5.8) of the first 128 bits of a hex digest. */
export function uuidv8(hexDigest: string): string {
  return format(Buffer.from(hexDigest.slice(0, 32), "hex"), 8);
}

function format(bytes: Buffer, version: number): string {
  bytes.writeUInt8((version << 4) | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

// Crockford's base 32: no I, L, O or U, so a ref can be read aloud and typed.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Four characters that name an approval to people, such as `K7Q2`. */
export function shortRef(random: Random): string {
  return Array.from(random(4), (byte) => ALPHABET.charAt(byte & 31)).join("");
}
