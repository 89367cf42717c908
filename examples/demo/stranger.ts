// What somebody who trusts neither Leashkit nor its library can check with Node's own cryptography and the folder that
// `npm run demo -- --keep DIR` leaves. On purpose nothing here is imported from Leashkit.
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";

/** Recomputes every chain of an exported log (JSONL). Returns the number of lines; throws at the first bad one. */
export function checkLog(jsonl: string): number {
  const heads = new Map<string, { readonly seq: number; readonly hash: string }>();
  const lines = jsonl.split("\n").filter((line) => line !== "");
  for (const line of lines) {
    const { stream, seq, prev, hash } = JSON.parse(line) as Record<"stream" | "prev" | "hash", string> & {
      seq: number;
    };
    const head = heads.get(stream) ?? { seq: -1, hash: "0".repeat(64) };
    const end = line.lastIndexOf(',"hash":"');
    // RFC 6962 leaf hash: SHA-256 over a zero byte and the exact bytes of the line before its own hash.
    const expected = createHash("sha256").update("\0").update(line.slice(0, end)).digest("hex");
    if (line.slice(end) !== `,"hash":"${expected}"}` || prev !== head.hash || seq !== head.seq + 1) {
      throw new Error(`The log is broken at ${stream} ${seq}.`);
    }
    heads.set(stream, { seq, hash });
  }
  return lines.length;
}

/** The claims of a proof (PASETO v4.public) whose Ed25519 signature holds under one of the published proof keys. */
export function openProof(token: string, publicKeys: string): Readonly<Record<string, unknown>> {
  const header = "v4.public.";
  if (!token.startsWith(header)) throw new Error("Not a v4.public token.");
  const body = Buffer.from(token.slice(header.length), "base64url");
  const message = body.subarray(0, -64);
  const claims = JSON.parse(message.toString("utf8")) as Readonly<Record<string, unknown>>;
  // Pre-authentication encoding of header, message, footer (empty) and implicit assertion (empty).
  const signed = preAuthenticationEncoding([Buffer.from(header), message, Buffer.alloc(0), Buffer.alloc(0)]);
  if (!verify(null, signed, proofKey(publicKeys, claims["kid"]), body.subarray(-64))) {
    throw new Error("The signature does not hold.");
  }
  return claims;
}

function preAuthenticationEncoding(pieces: readonly Buffer[]): Buffer {
  const length = (value: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  return Buffer.concat([length(pieces.length), ...pieces.flatMap((piece) => [length(piece.length), piece])]);
}

function proofKey(publicKeys: string, kid: unknown): KeyObject {
  const { keys } = JSON.parse(publicKeys) as { keys: Record<"kid" | "purpose" | "publicKey", string>[] };
  const key = keys.find((candidate) => candidate.kid === kid && candidate.purpose === "proof");
  if (key === undefined) throw new Error("The proof names no published proof key.");
  const raw = Buffer.from(key.publicKey.slice("k4.public.".length), "base64url");
  // RFC 8410: what stands before the 32 bytes of an Ed25519 public key in its DER form.
  const prefix = Buffer.from("302a300506032b6570032100", "hex");
  return createPublicKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "spki" });
}
