import { describe, expect, it } from "vitest";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import { ed25519 } from "../tokens/ed25519.ts";
import { encodeSecretKey } from "../tokens/paserk.ts";
import { verifyCheckpoint } from "./checkpoint.ts";
import { cosign, verifyCosignatures } from "./cosignature.ts";
import { COSIGNATURE, NOTE_SIGNATURE, parseNote, verifierKey } from "./note.ts";
import { verifyConsistency } from "./proofs.ts";
import { signedLog } from "./signed-log.fixture.ts";

const coded = (code: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, code));
const seed = Buffer.alloc(32, 9);
const publicKey = ed25519().signingKey(seed).publicKey;
const witness = { name: "witness.example/w1", secretKey: encodeSecretKey(seed) };
const published = verifierKey({ name: witness.name, type: COSIGNATURE, publicKey });
const now = Date.UTC(2026, 0, 1, 12, 0, 0, 999);

async function twoCheckpoints() {
  const signed = signedLog();
  await signed.write("a", 3);
  const first = await signed.checkpoint();
  await signed.write("a", 4);
  const second = await signed.checkpoint();
  const proof = await signed.log.proveConsistency(3, 7);
  await signed.store.close();
  return { first, second, proof, keys: signed.keys.keySet() };
}

describe("a witness", () => {
  it("signs the first checkpoint it sees, and each that continues the last one", async () => {
    const { first, keys, proof, second } = await twoCheckpoints();
    const once = cosign(first.note, witness, { keys, last: null, consistency: [], now });
    expect(verifyCosignatures(once, [published])).toEqual([{ name: witness.name, at: now - 999 }]);
    const seen = verifyCheckpoint(once, keys);
    const twice = cosign(second.note, witness, { keys, last: seen, consistency: proof.path, now: now + 60_000 });
    expect(verifyCosignatures(twice, [published])).toEqual([{ name: witness.name, at: now + 59_001 }]);
    // The log's own signature still counts, and the same size needs no proof.
    expect(verifyCheckpoint(twice, keys).size).toBe(7);
    expect(() => cosign(second.note, witness, { keys, last: second, consistency: [], now })).not.toThrow();
  });

  it("signs the bytes that C2SP tlog-cosignature states", async () => {
    const { first, keys } = await twoCheckpoints();
    const { signatures, text } = parseNote(cosign(first.note, witness, { keys, last: null, consistency: [], now }));
    const bytes = Buffer.from(signatures[1]?.signature ?? "");
    const seconds = Math.floor(now / 1_000);
    expect(bytes).toHaveLength(72);
    expect(Number(bytes.readBigUInt64BE())).toBe(seconds);
    const message = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
    expect(ed25519().verifyingKey(publicKey).verify(message, bytes.subarray(8))).toBe(true);
  });

  it("I10: does not sign a log that was cut off, rewritten or forked since", async () => {
    const { first, keys, proof, second } = await twoCheckpoints();
    const refused = coded("LEASH_LOG_INVALID");
    const path = [...proof.path];
    expect(verifyConsistency({ from: first, to: second, path })).toBe(true);
    const wrong = [
      { last: second, note: first.note, consistency: path },
      { last: { ...first, root: "0".repeat(64) }, note: second.note, consistency: path },
      { last: first, note: second.note, consistency: [] },
      { last: first, note: second.note, consistency: path.map((hash) => hash.toUpperCase()) },
      { last: { ...second, root: first.root }, note: second.note, consistency: [] },
    ];
    for (const { consistency, last, note } of wrong) {
      expect(() => cosign(note, witness, { keys, last, consistency, now })).toThrow(refused);
    }
    const other = { ...first, origin: "leashkit/other" };
    expect(() => cosign(second.note, witness, { keys, last: other, consistency: path, now })).toThrow(
      coded("LEASH_TOKEN_AUDIENCE"),
    );
  });

  it("is not believed when its signature, its time or the text was changed", async () => {
    const { first, keys } = await twoCheckpoints();
    const note = cosign(first.note, witness, { keys, last: null, consistency: [], now });
    const { signatures } = parseNote(note);
    const line = note.trimEnd().split("\n").at(-1) ?? "";
    const bytes = Buffer.from(line.split(" ")[2] ?? "", "base64");
    expect(signatures).toHaveLength(2);
    for (const at of [4, 11, 12, 75]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      const forged = note.replace(line, `— ${witness.name} ${changed.toString("base64")}`);
      expect(() => verifyCosignatures(forged, [published]), `byte ${at}`).toThrow(coded("LEASH_TOKEN_INVALID"));
    }
    expect(() => verifyCosignatures(note.replace("\n3\n", "\n4\n"), [published])).toThrow(coded("LEASH_TOKEN_INVALID"));
    const short = note.replace(line, `— ${witness.name} ${bytes.subarray(0, 9).toString("base64")}`);
    expect(() => verifyCosignatures(short, [published])).toThrow(coded("LEASH_TOKEN_INVALID"));
  });

  it("is known by name, key and kind of signature", async () => {
    const { first, keys } = await twoCheckpoints();
    const note = cosign(first.note, witness, { keys, last: null, consistency: [], now });
    const stranger = verifierKey({ name: "witness.example/w2", type: COSIGNATURE, publicKey });
    expect(verifyCosignatures(note, [stranger])).toEqual([]);
    expect(verifyCosignatures(first.note, [published])).toEqual([]);
    const ofNotes = verifierKey({ name: witness.name, type: NOTE_SIGNATURE, publicKey });
    expect(() => verifyCosignatures(note, [ofNotes])).toThrow(coded("LEASH_CONFIG_INVALID"));
    const named = { ...witness, name: "a name with spaces" };
    expect(() => cosign(first.note, named, { keys, last: null, consistency: [], now })).toThrow(
      coded("LEASH_CONFIG_INVALID"),
    );
  });
});
