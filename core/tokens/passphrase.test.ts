import { createDecipheriv, scryptSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isLeashError } from "../errors.ts";
import { seededRandom } from "../testing/random.ts";
import { openToken } from "./claims.ts";
import { fileKeyRing, type KeyRing } from "./keys.ts";
import { decodeSecretKey, encodePublicKey } from "./paserk.ts";

const PASSPHRASE = "correct horse battery staple";
const clock = { now: () => Date.UTC(2026, 0, 1) };
const invalid = expect.toSatisfy((error) => isLeashError(error, "LEASH_CONFIG_INVALID"));

interface SealedFile {
  v: number;
  purpose: string;
  derivation: { name: string; n: number; r: number; p: number; salt: string };
  keys: { kid: string; publicKey: string; sealed: string; createdAt: number; revokedAt: number | null }[];
}

let folder: string;
let seeds = 0;
beforeEach(() => {
  // The same salts in every test: deriving a key is meant to be slow.
  seeds = 0;
  folder = join(mkdtempSync(join(tmpdir(), "leashkit-passphrase-")), "keys");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

const ring = (passphrase: string | undefined = PASSPHRASE): KeyRing =>
  fileKeyRing({ folder, passphrase, clock, random: seededRandom((seeds += 1)) });
const open = (): KeyRing => fileKeyRing({ folder, clock, random: seededRandom((seeds += 1)) });
const path = (purpose = "proof"): string => join(folder, `${purpose}.json`);
const stored = (purpose = "proof"): SealedFile => JSON.parse(readFileSync(path(purpose), "utf8"));
const write = (content: object): void => writeFileSync(path(), JSON.stringify(content));

describe("key files under a passphrase", () => {
  it("hold no secret in the clear, and sign after a restart with the passphrase", () => {
    const { kid } = ring().signer("proof");
    expect(readFileSync(path(), "utf8")).not.toContain("k4.secret");
    expect(stored()).toMatchObject({ v: 2, purpose: "proof", derivation: { name: "scrypt", n: 131_072, r: 8, p: 1 } });
    const signer = ring().signer("proof");
    expect(signer.kid).toBe(kid);
    expect(openToken(signer.sign({ sub: "ann" }), "proof", open().keySet())).toMatchObject({ sub: "ann" });
  });

  it("are of the documented format: scrypt and AES-256-GCM over the secret, with purpose and id", () => {
    ring().signer("proof");
    const { derivation, keys } = stored();
    const { n: N, r, p, salt } = derivation;
    const secretKey = scryptSync(PASSPHRASE, Buffer.from(salt, "base64url"), 32, { N, r, p, maxmem: 2 ** 28 });
    for (const { kid, publicKey, sealed } of keys) {
      const bytes = Buffer.from(sealed, "base64url");
      const decipher = createDecipheriv("aes-256-gcm", secretKey, bytes.subarray(0, 12));
      decipher.setAAD(Buffer.from(`leashkit/key-file/2\nproof\n${kid}`)).setAuthTag(bytes.subarray(-16));
      const secret = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString();
      expect(encodePublicKey(decodeSecretKey(secret).publicKey)).toBe(publicKey);
    }
  });

  it("show their public halves to who has no passphrase, and can be revoked by them, but do not sign or rotate", () => {
    const { kid } = ring().signer("proof");
    const keys = open();
    expect(keys.publicKeys("proof")).toMatchObject([{ kid, purpose: "proof" }]);
    expect(() => keys.signer("proof")).toThrow(invalid);
    expect(() => keys.rotate("proof")).toThrow(invalid);
    expect(stored().keys).toHaveLength(1);
    expect(keys.revoke(kid).revokedAt).toBe(clock.now());
    expect(ring().rotate("proof").revokedAt).toBeNull();
  });

  it("do not open with another passphrase, and say no more than that", () => {
    ring().signer("proof");
    const before = readFileSync(path(), "utf8");
    const changed = {
      ...stored(),
      keys: stored().keys.map((key) => ({ ...key, sealed: `AAAA${key.sealed.slice(4)}` })),
    };
    const messages = new Set<string>();
    const attempt = (passphrase: string, use: (keys: KeyRing) => unknown): void => {
      try {
        use(ring(passphrase));
        expect.unreachable("It opened.");
      } catch (error) {
        expect(error).toEqual(invalid);
        expect(inspect(error, { depth: null })).not.toContain(passphrase);
        messages.add(error instanceof Error ? error.message : "");
      }
    };
    attempt(`${PASSPHRASE} `, (keys) => keys.signer("proof"));
    attempt(`${PASSPHRASE} `, (keys) => keys.rotate("proof"));
    expect(readFileSync(path(), "utf8")).toBe(before);
    write(changed);
    attempt(PASSPHRASE, (keys) => keys.signer("proof"));
    expect(messages.size).toBe(1);
  });

  it("I8: take no secret of another purpose or another id, though the passphrase is the same", () => {
    const keys = ring();
    keys.signer("proof");
    keys.rotate("proof");
    const [one, two] = stored().keys;
    if (one === undefined || two === undefined) throw new Error("There are not two keys.");
    write({ ...stored(), keys: [{ ...one, sealed: two.sealed }] });
    expect(() => ring().signer("proof")).toThrow(invalid);
    write({ ...stored(), keys: [{ ...one, kid: two.kid }] });
    expect(() => ring().publicKeys("proof")).toThrow(invalid);
    write({ ...stored(), keys: [one] });
    expect(ring().signer("proof").kid).toBe(one.kid);
    writeFileSync(path("approval"), readFileSync(path(), "utf8").replace('"purpose":"proof"', '"purpose":"approval"'), {
      mode: 0o600,
    });
    expect(() => ring().signer("approval")).toThrow(invalid);
  });

  it("are refused with a weaker derivation, another format or a malformed member", () => {
    ring().signer("proof");
    const good = stored();
    const [key] = good.keys;
    const edits: readonly object[] = [
      { ...good, v: 1 },
      { ...good, v: 3 },
      { ...good, derivation: { ...good.derivation, n: 2 } },
      { ...good, derivation: { ...good.derivation, name: "pbkdf2" } },
      { ...good, derivation: { ...good.derivation, salt: "AAAA" } },
      { ...good, derivation: { ...good.derivation, salt: 5 } },
      { ...good, derivation: { ...good.derivation, pepper: "" } },
      { ...good, derivation: null },
      { ...good, keys: [{ ...key, sealed: "" }] },
      { ...good, keys: [{ ...key, sealed: "a+b" }] },
      { ...good, keys: [{ ...key, sealed: null }] },
      { ...good, keys: [{ ...key, publicKey: undefined }] },
      { ...good, keys: [{ ...key, publicKey: "k4.public.AA" }] },
      { ...good, keys: [{ ...key, secret: "k4.secret.x" }] },
      { ...good, keys: [{ ...key, revokedAt: "never" }] },
      { ...good, keys: [] },
    ];
    for (const edit of edits) {
      write(edit);
      expect(() => ring().publicKeys("proof"), JSON.stringify(edit)).toThrow(invalid);
    }
    write(good);
    expect(ring().publicKeys("proof")).toHaveLength(1);
  });

  it("seal what lay in the clear with the next rotation, and go on signing until then", () => {
    const before = open();
    const token = before.signer("proof").sign({ sub: "ann" });
    const keys = ring();
    expect(keys.signer("proof").kid).toBe(before.signer("proof").kid);
    keys.rotate("proof");
    expect(readFileSync(path(), "utf8")).not.toContain("k4.secret");
    expect(stored().keys).toHaveLength(2);
    expect(openToken(token, "proof", keys.keySet())).toMatchObject({ sub: "ann" });
    keys.revoke(keys.signer("proof").kid);
    expect(ring().signer("proof").kid).toBe(before.publicKeys("proof")[0]?.kid);
    const later = keys.rotate("proof", Date.UTC(2999, 0, 1));
    expect(ring().publicKeys("proof").at(-1)).toEqual(later);
  });

  it("take the passphrase from the environment where the option says so, and nowhere else", () => {
    const { kid } = ring().signer("proof");
    vi.stubEnv("LEASH_TEST_PASSPHRASE", PASSPHRASE);
    expect(ring("env:LEASH_TEST_PASSPHRASE").signer("proof").kid).toBe(kid);
    for (const stated of ["", "env:", "env:NOT SET", "env:LEASH_TEST_NOT_SET"]) {
      expect(() => ring(stated), stated).toThrow(invalid);
    }
    expect(() => ring("LEASH_TEST_PASSPHRASE").signer("proof")).toThrow(invalid);
  });

  it("cost one derivation per file and process", () => {
    ring().signer("proof");
    const startedAt = performance.now();
    for (let time = 0; time < 200; time += 1) ring().signer("proof");
    const perRing = (performance.now() - startedAt) / 200;
    const derivedAt = performance.now();
    scryptSync(PASSPHRASE, "salt", 32, { N: 131_072, r: 8, p: 1, maxmem: 2 ** 28 });
    expect(perRing * 10).toBeLessThan(performance.now() - derivedAt);
  });

  it("share their salt where one ring made them, so that all open with one derivation", () => {
    const keys = ring();
    keys.signer("proof");
    keys.signer("receipt");
    expect(stored("receipt").derivation.salt).toBe(stored("proof").derivation.salt);
    expect(stored("receipt").keys[0]?.sealed).not.toBe(stored("proof").keys[0]?.sealed);
  });

  it("take the same passphrase in either Unicode form", () => {
    const { kid } = ring("pa\u00dfwort-\u00e9").signer("proof");
    expect(ring("pa\u00dfwort-e\u0301").signer("proof").kid).toBe(kid);
  });
});
