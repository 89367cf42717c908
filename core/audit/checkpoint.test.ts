import { describe, expect, it } from "vitest";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import { memoryKeyRing } from "../tokens/keys.ts";
import { decodePublicKey } from "../tokens/paserk.ts";
import { checkpointText, readCheckpointText, signCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { NOTE_SIGNATURE, parseNote, parseVerifierKey, verifierKey } from "./note.ts";

const coded = (code: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, code));
const invalid = coded("LEASH_TOKEN_INVALID");

let time = 1_000;
const keys = memoryKeyRing({ clock: { now: () => (time += 1) }, random: (size) => Buffer.alloc(size, time) });
const body = {
  origin: "leashkit/log-1",
  size: 7,
  root: "ab".repeat(32),
  heads: [
    { stream: 'süß \n "x"', size: 5, hash: "01".repeat(32) },
    { stream: "writer-2", size: 2, hash: "23".repeat(32) },
  ],
};

function sign(ring = keys): string {
  const signer = ring.signer("checkpoint");
  const key = ring.publicKeys("checkpoint").find(({ kid }) => kid === signer.kid);
  return signCheckpoint(body, {
    publicKey: decodePublicKey(key?.publicKey ?? ""),
    sign: (message) => signer.signBytes(message),
  });
}

describe("a checkpoint", () => {
  it("is a C2SP signed note: origin, size, root, and a line for each stream", () => {
    const note = sign();
    const { signatures, text } = parseNote(note);
    expect(text).toBe(
      `leashkit/log-1\n7\n${Buffer.from("ab".repeat(32), "hex").toString("base64")}\n` +
        `leashkit/stream "süß \\n \\"x\\"" 5 ${"01".repeat(32)}\nleashkit/stream "writer-2" 2 ${"23".repeat(32)}\n`,
    );
    expect(signatures).toMatchObject([{ name: "leashkit/log-1" }]);
    expect(readCheckpointText(text)).toEqual(body);
    expect(verifyCheckpoint(note, keys.keySet())).toMatchObject({ ...body, isRevoked: false, note });
  });

  it("I10: does not count with any one character changed, taken out or put in", () => {
    const note = sign();
    const set = keys.keySet();
    for (let at = 0; at < note.length; at += 1) {
      const [before, after] = [note.slice(0, at), note.slice(at + 1)];
      for (const changed of [
        `${before}${note[at] === "0" ? "1" : "0"}${after}`,
        before + after,
        `${before} ${note.slice(at)}`,
      ]) {
        // A name that is read as another's is ignored like a stranger's signature: no key is left.
        expect(() => verifyCheckpoint(changed, set), `character ${at}`).toThrow(invalid);
      }
    }
  });

  it("I8: counts with a key of its own purpose only, and of its own log", () => {
    const note = sign();
    const others = keys.publicKeys("checkpoint").map((key) => ({ ...key, purpose: "proof" as const }));
    expect(() => verifyCheckpoint(note, others)).toThrow(invalid);
    expect(() => verifyCheckpoint(note, [])).toThrow(invalid);
    expect(() => verifyCheckpoint(note, keys.keySet(), { origin: "leashkit/log-2" })).toThrow(
      coded("LEASH_TOKEN_AUDIENCE"),
    );
  });

  it("A-S8: an old one verifies after a rotation; one of a revoked key is refused, unless the log itself is at hand", () => {
    const old = sign();
    keys.rotate("checkpoint");
    const next = sign();
    expect(verifyCheckpoint(old, keys.keySet()).kid).not.toBe(verifyCheckpoint(next, keys.keySet()).kid);
    keys.revoke(verifyCheckpoint(old, keys.keySet()).kid);
    expect(() => verifyCheckpoint(old, keys.keySet())).toThrow(coded("LEASH_TOKEN_REVOKED"));
    expect(verifyCheckpoint(old, keys.keySet(), { revoked: true })).toMatchObject({ isRevoked: true, size: 7 });
    expect(verifyCheckpoint(next, keys.keySet()).isRevoked).toBe(false);
  });

  it.each([
    ["no origin", "\n7\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n"],
    ["a size with a zero before it", checkpointText(body).replace("\n7\n", "\n07\n")],
    ["a negative size", checkpointText(body).replace("\n7\n", "\n-7\n")],
    ["a size beyond 2^53-1", checkpointText(body).replace("\n7\n", "\n9007199254740993\n")],
    ["no root", "leashkit/log-1\n7\n"],
    ["a root that is too short", "leashkit/log-1\n7\nq6s=\n"],
    ["an empty line", `${checkpointText(body)}\n`],
    ["a stream without a length", checkpointText(body).replace('"writer-2" 2', '"writer-2"')],
    ["a stream of no lines", checkpointText(body).replace('"writer-2" 2', '"writer-2" 0')],
    ["a name spelt in another way", checkpointText(body).replace('"writer-2"', '"\\u0077riter-2"')],
  ])("is none with %s", (_name, text) => {
    expect(() => readCheckpointText(text)).toThrow(invalid);
  });

  it("is published with a verifier key, which is read only as it was written", () => {
    const [key] = keys.publicKeys("checkpoint");
    const verifier = {
      name: body.origin,
      type: NOTE_SIGNATURE,
      publicKey: decodePublicKey(key?.publicKey ?? ""),
    } as const;
    const text = verifierKey(verifier);
    expect(parseVerifierKey(text)).toEqual({ ...verifier, publicKey: Buffer.from(verifier.publicKey) });
    for (let at = 0; at < text.length; at += 1) {
      const changed = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
      expect(() => parseVerifierKey(changed), `character ${at}`).toThrow(coded("LEASH_CONFIG_INVALID"));
    }
  });
});
