import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isLeashError } from "../errors.ts";
import { PURPOSES } from "../model/keys.ts";
import { seededRandom } from "../testing/random.ts";
import { openToken } from "./claims.ts";
import { fileKeyRing, memoryKeyRing, type KeyRing } from "./keys.ts";
import { publicKeyId } from "./paserk.ts";

const NOW = Date.UTC(2026, 0, 1);

const sources = (seed = 1) => ({ clock: { now: () => NOW }, random: seededRandom(seed) });

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "leashkit-keys-")), "state", "keys");
});
afterEach(() => rmSync(join(folder, "..", ".."), { recursive: true, force: true }));

const ring = (seed?: number): KeyRing => fileKeyRing({ folder, ...sources(seed) });
const file = (): string => join(folder, "proof.json");

interface StoredFile {
  v: number;
  purpose: string;
  keys: { kid: string; secret: string; createdAt: number; revokedAt: number | null }[];
}
const stored = (path = file()): StoredFile => JSON.parse(readFileSync(path, "utf8"));

/** As a rotation would: a new file under the old name. */
function replaceFile(text: string): void {
  const temporary = `${file()}.new`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file());
}

describe.each([
  ["memory", () => memoryKeyRing(sources())],
  ["file", () => ring()],
])("a key ring (%s)", (_name, open) => {
  it("makes one key per purpose, and another one for each", () => {
    const keys = open();
    const kids = PURPOSES.map((purpose) => keys.signer(purpose).kid);
    expect(new Set(kids).size).toBe(PURPOSES.length);
    expect(PURPOSES.map((purpose) => keys.signer(purpose).kid)).toEqual(kids);
    expect(keys.keySet().keys.map((key) => [key.kid, key.purpose])).toEqual(
      PURPOSES.map((purpose, at) => [kids[at], purpose]),
    );
  });

  it("publishes ids, public keys and times, and nothing that signs", () => {
    const keys = open();
    const [key, ...others] = keys.publicKeys("approval");
    expect(others).toEqual([]);
    expect(key).toEqual({
      kid: keys.signer("approval").kid,
      purpose: "approval",
      publicKey: expect.stringMatching(/^k4\.public\.[\w-]{43}$/),
      createdAt: NOW,
      revokedAt: null,
    });
    expect(publicKeyId(key?.publicKey ?? "")).toBe(key?.kid);
    expect(JSON.stringify(keys.keySet())).not.toContain("secret");
  });

  it("has the keys that strangers verify with in its key set before anything was signed", () => {
    const purposes = open()
      .keySet()
      .keys.map(({ purpose }) => purpose);
    expect(purposes).toEqual(["proof", "receipt", "checkpoint"]);
  });

  it("states version, issuer, key and purpose itself, whatever the claims say", () => {
    const keys = open();
    const signer = keys.signer("session");
    const token = signer.sign({ v: 7, iss: "mallory", kid: "k", purpose: "proof", sub: "ann" });
    expect(openToken(token, "session", keys.keySet())).toEqual({
      v: 1,
      iss: "leashkit",
      kid: signer.kid,
      purpose: "session",
      sub: "ann",
    });
  });
});

describe("key files", () => {
  it("are private to their owner, in a private folder", () => {
    ring().signer("proof");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["proof.json"]);
  });

  it("keep the keys over a restart, in the documented format", () => {
    const { kid } = ring(1).signer("proof");
    expect(ring(2).signer("proof").kid).toBe(kid);
    expect(stored()).toEqual({
      v: 1,
      purpose: "proof",
      keys: [{ kid, secret: expect.stringMatching(/^k4\.secret\.[\w-]{86}$/), createdAt: NOW, revokedAt: null }],
    });
  });

  it("are made when they are first needed", () => {
    const keys = ring();
    expect(readdirSync(folder)).toEqual([]);
    keys.signer("receipt");
    expect(readdirSync(folder)).toEqual(["receipt.json"]);
    keys.keySet();
    expect(readdirSync(folder).sort()).toEqual(["checkpoint.json", "proof.json", "receipt.json"]);
  });

  it("agree on one key when processes start together", { timeout: 120_000 }, async () => {
    const program = `
      import { randomBytes } from "node:crypto";
      import { existsSync, writeFileSync } from "node:fs";
      import { fileKeyRing } from ${JSON.stringify(new URL("./keys.ts", import.meta.url).href)};
      const folder = ${JSON.stringify(folder)};
      const keys = fileKeyRing({ folder, clock: { now: Date.now }, random: randomBytes });
      writeFileSync(folder + "/../ready." + process.pid, "");
      const giveUp = Date.now() + 100_000;
      while (!existsSync(folder + "/../go") && Date.now() < giveUp);
      process.stdout.write(${JSON.stringify(PURPOSES)}.map((purpose) => keys.signer(purpose).kid).join(" "));
    `;
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const flags = ["--conditions=leashkit:source", "--import", "tsx", "--input-type=module", "--eval", program];
    const runs = Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, flags, { cwd: root }));
    mkdirSync(join(folder, ".."), { recursive: true });
    const ready = (): number => readdirSync(join(folder, "..")).filter((name) => name.startsWith("ready.")).length;
    await vi.waitUntil(() => ready() === runs.length, { timeout: 100_000, interval: 20 });
    writeFileSync(join(folder, "..", "go"), "");
    const kids = (await Promise.all(runs)).map(({ stdout }) => stdout);
    expect(kids[0]?.split(" ")).toHaveLength(PURPOSES.length);
    expect(new Set(kids).size).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(PURPOSES.map((purpose) => `${purpose}.json`).sort());
  });

  it("A-S4: stay whole where the disk takes only a part of what is written", async () => {
    ring().signer("proof");
    const before = readFileSync(file(), "utf8");
    const program = `
      import { randomBytes } from "node:crypto";
      import { replacePrivateFile } from ${JSON.stringify(new URL("./private-file.ts", import.meta.url).href)};
      try {
        replacePrivateFile(${JSON.stringify(file())}, "x".repeat(9_000), randomBytes);
      } catch (error) {
        process.stdout.write(error.code);
      }
    `;
    const root = fileURLToPath(new URL("../..", import.meta.url));
    // A file may have four blocks of 512 bytes (1,024 in some shells): less than is written. So much of it a first write takes.
    const limited = ["-c", 'ulimit -f 4 && exec "$0" "$@"', process.execPath, "--import", "tsx"];
    const env = { ...process.env, TSX_DISABLE_CACHE: "1" };
    const options = { cwd: root, env };
    const { stdout } = await promisify(execFile)("sh", [...limited, "--input-type=module", "--eval", program], options);
    expect(stdout).toBe("LEASH_CONFIG_INVALID");
    expect(readFileSync(file(), "utf8")).toBe(before);
    expect(readdirSync(folder)).toEqual(["proof.json"]);
  });

  it("take the other's key when another process was quicker", () => {
    const slow = fileKeyRing({
      folder,
      clock: {
        now() {
          quick ??= ring(2).signer("proof").kid;
          return NOW;
        },
      },
      random: seededRandom(3),
    });
    let quick: string | undefined;
    expect(slow.signer("proof").kid).toBe(stored().keys[0]?.kid);
    expect(quick).toBe(stored().keys[0]?.kid);
    expect(readdirSync(folder)).toEqual(["proof.json"]);
  });

  it("rotate under a running ring: the newest key signs, the older ones still verify", () => {
    const keys = ring();
    const old = keys.signer("proof").sign({ sub: "old" });
    const next = memoryKeys(2);
    replaceFile(JSON.stringify({ ...stored(), keys: [{ ...next, createdAt: NOW + 1 }, ...stored().keys] }));
    expect(keys.signer("proof").kid).toBe(next.kid);
    expect(keys.publicKeys("proof").map((key) => key.createdAt)).toEqual([NOW, NOW + 1]);
    expect(openToken(old, "proof", keys.keySet())).toMatchObject({ sub: "old" });
  });

  it("B-H19: honour a revocation under a running ring at once", () => {
    const keys = ring();
    const token = keys.signer("proof").sign({ sub: "ann" });
    const [key] = stored().keys;
    const next = memoryKeys(2);
    replaceFile(JSON.stringify({ ...stored(), keys: [{ ...key, createdAt: NOW + 9, revokedAt: NOW + 10 }, next] }));
    expect(keys.signer("proof").kid).toBe(next.kid);
    expect(() => openToken(token, "proof", keys.keySet())).toThrow(
      expect.toSatisfy((error) => isLeashError(error, "LEASH_TOKEN_REVOKED")),
    );
    replaceFile(JSON.stringify({ ...stored(), keys: [{ ...key, revokedAt: NOW }] }));
    expect(() => keys.signer("proof")).toThrow(/revoked/);
    expect(keys.publicKeys("proof")).toHaveLength(1);
  });
});

/** A key as it stands in a file. */
function memoryKeys(seed: number): StoredFile["keys"][number] {
  const other = join(mkdtempSync(join(tmpdir(), "leashkit-keys-")), "keys");
  try {
    fileKeyRing({ folder: other, ...sources(seed) }).signer("proof");
    const [key] = stored(join(other, "proof.json")).keys;
    if (key === undefined) throw new Error("The other ring made no key.");
    return key;
  } finally {
    rmSync(join(other, ".."), { recursive: true });
  }
}
