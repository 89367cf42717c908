import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import type { Json, JsonObject } from "../model/json.ts";

/** A recording as it lies in an encrypted row: AES-256-GCM, base64 of nonce, text and tag. */
export interface SealedBody extends JsonObject {
  readonly v: 1;
  readonly sealed: string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts the body of one row. A row's text is of no use in the place of another's. */
export function sealBody(key: Uint8Array, id: string, body: Json): SealedBody {
  // Always the system's: a nonce that repeats gives the key away, so it must not come from a test's seed.
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", rowKey(key, id), nonce);
  const text = Buffer.concat([cipher.update(JSON.stringify(body), "utf8"), cipher.final()]);
  return { v: 1, sealed: Buffer.concat([nonce, text, cipher.getAuthTag()]).toString("base64") };
}

/** @throws Error where the key is another one, or the text was changed or moved. */
export function openBody(key: Uint8Array, id: string, { sealed }: SealedBody): Json {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", rowKey(key, id), bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
  return JSON.parse(Buffer.concat(text).toString("utf8")) as Json;
}

/** A key for each row: no number of rows wears the one key out, and each opens only where it was written. */
function rowKey(key: Uint8Array, id: string): Buffer {
  return createHmac("sha256", key).update(`leashkit/recording/1\n${id}`).digest();
}
