import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import { PURPOSES } from "../model/keys.ts";
import { fakeClock } from "../testing/clock.ts";
import { seededRandom } from "../testing/random.ts";
import { openToken } from "./claims.ts";
import { fileKeyRing, memoryKeyRing, type KeyRing } from "./keys.ts";

const code = (expected: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, expected));

let folder: string;
let clock: ReturnType<typeof fakeClock>;
let seeds = 0;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "leashkit-rotation-")), "keys");
  clock = fakeClock();
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const fileRing = (): KeyRing => fileKeyRing({ folder, clock, random: seededRandom((seeds += 1)) });
const path = (): string => join(folder, "proof.json");

describe.each([
  ["memory", () => memoryKeyRing({ clock, random: seededRandom((seeds += 1)) })],
  ["file", fileRing],
])("rotating the keys of a ring (%s)", (_name, open) => {
  it("signs with the new key at once, and the old one goes on verifying what it signed", () => {
    const keys = open();
    const old = keys.signer("proof");
    const token = old.sign({ sub: "ann" });
    const made = keys.rotate("proof");
    expect(made.kid).not.toBe(old.kid);
    expect(keys.signer("proof").kid).toBe(made.kid);
    expect(keys.publicKeys("proof").map(({ kid }) => kid)).toEqual([old.kid, made.kid]);
    expect(openToken(token, "proof", keys.keySet())).toMatchObject({ sub: "ann" });
    expect(openToken(keys.signer("proof").sign({ sub: "bea" }), "proof", keys.keySet())).toMatchObject({ sub: "bea" });
  });

  it("makes the newest key sign, also where the clock stands still or has run back", () => {
    const keys = open();
    keys.signer("proof");
    for (const back of [0, 0, 5_000]) {
      clock.set(clock.now() - back);
      const made = keys.rotate("proof");
      expect(keys.signer("proof").kid).toBe(made.kid);
      expect(keys.publicKeys("proof").at(-1)?.kid).toBe(made.kid);
    }
  });

  it("makes the first key where there is none, and touches no other purpose", () => {
    const keys = open();
    for (const purpose of PURPOSES) {
      const made = keys.rotate(purpose);
      expect(made.purpose).toBe(purpose);
      expect(keys.publicKeys(purpose)).toEqual([made]);
    }
  });

  it("B-H19: a revoked key verifies nothing, at once here and for everybody with the new key set", () => {
    const keys = open();
    const token = keys.signer("proof").sign({ sub: "ann" });
    const before = keys.keySet();
    const { kid } = keys.signer("proof");
    keys.rotate("proof");
    clock.set(clock.now() + 1_000);
    expect(keys.revoke(kid)).toMatchObject({ kid, revokedAt: clock.now() });
    expect(() => openToken(token, "proof", keys.keySet())).toThrow(code("LEASH_TOKEN_REVOKED"));
    // Who still has the old set cannot know; this is why it is to be published at once.
    expect(openToken(token, "proof", before)).toMatchObject({ sub: "ann" });
  });

  it("I4: signs nothing once the last key is revoked, until there is a new one", () => {
    const keys = open();
    keys.revoke(keys.signer("approval").kid);
    expect(() => keys.signer("approval")).toThrow(code("LEASH_CONFIG_INVALID"));
    expect(keys.publicKeys("approval")).toHaveLength(1);
    const made = keys.rotate("approval");
    expect(keys.signer("approval").kid).toBe(made.kid);
  });

  it("keeps the time of the first revocation, and takes one that has passed", () => {
    const keys = open();
    const { kid } = keys.signer("proof");
    const since = clock.now() - 60_000;
    expect(keys.revoke(kid, since).revokedAt).toBe(since);
    expect(keys.revoke(kid).revokedAt).toBe(since);
    expect(keys.publicKeys("proof")).toMatchObject([{ kid, revokedAt: since }]);
  });

  it("refuses an id that it does not know, and a time that is none or has not come", () => {
    const keys = open();
    const { kid } = keys.signer("proof");
    expect(() => keys.revoke("k4.pid.none")).toThrow(code("LEASH_INPUT_INVALID"));
    for (const at of [clock.now() + 1, -1, 1.5, Number.NaN]) {
      expect(() => keys.revoke(kid, at), String(at)).toThrow(code("LEASH_INPUT_INVALID"));
    }
    expect(keys.publicKeys("proof")).toMatchObject([{ revokedAt: null }]);
  });
});

describe("rotating key files", () => {
  it("counts at once in a ring that has read them before", () => {
    const [mine, theirs] = [fileRing(), fileRing()];
    const { kid } = mine.signer("proof");
    const made = theirs.rotate("proof");
    expect(mine.signer("proof").kid).toBe(made.kid);
    theirs.revoke(made.kid);
    expect(mine.signer("proof").kid).toBe(kid);
  });

  it("leaves one private file and nothing else behind", () => {
    const keys = fileRing();
    keys.signer("proof");
    keys.revoke(keys.rotate("proof").kid);
    expect(readdirSync(folder)).toEqual(["proof.json"]);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it("leaves the old file whole where the new one cannot be written", () => {
    fileRing().signer("proof");
    const before = readFileSync(path(), "utf8");
    const random = seededRandom((seeds += 1));
    // Its temporary files have the name of a folder that is there.
    const unlucky = (size: number): Uint8Array => (size === 8 ? new Uint8Array(8) : random(size));
    mkdirSync(`${path()}.${process.pid}.${"00".repeat(8)}.tmp`);
    expect(() => fileKeyRing({ folder, clock, random: unlucky }).rotate("proof")).toThrow(code("LEASH_CONFIG_INVALID"));
    expect(readFileSync(path(), "utf8")).toBe(before);
    expect(readdirSync(folder)).not.toContain("proof.json.lock");
  });

  it("does not touch a file that it cannot read in full", () => {
    const keys = fileRing();
    const { kid } = keys.signer("proof");
    const text = readFileSync(path(), "utf8").replace('"v":1', '"v":3');
    writeFileSync(path(), text);
    expect(() => keys.rotate("proof")).toThrow(code("LEASH_CONFIG_INVALID"));
    expect(() => keys.revoke(kid)).toThrow(code("LEASH_CONFIG_INVALID"));
    expect(readFileSync(path(), "utf8")).toBe(text);
  });
});
