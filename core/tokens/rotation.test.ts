import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import { PURPOSES } from "../model/keys.ts";
import { fakeClock } from "../testing/clock.ts";
import { seededRandom } from "../testing/random.ts";
import { openToken } from "./claims.ts";
import { keyState } from "./key-state.ts";
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

  it("publishes a key before it signs, and signs with it once its time has come", () => {
    const keys = open();
    const old = keys.signer("proof");
    const made = keys.rotate("proof", clock.now() + 60_000);
    expect(keys.keySet().keys).toContainEqual(made);
    expect(made.activeFrom).toBe(clock.now() + 60_000);
    expect(keys.signer("proof").kid).toBe(old.kid);
    const early = keys.keySet();
    clock.set(clock.now() + 59_999);
    expect(keys.signer("proof").kid).toBe(old.kid);
    clock.set(clock.now() + 1);
    expect(keys.signer("proof").kid).toBe(made.kid);
    expect(openToken(keys.signer("proof").sign({ sub: "ann" }), "proof", early)).toMatchObject({ sub: "ann" });
    expect(openToken(old.sign({ sub: "bea" }), "proof", keys.keySet())).toMatchObject({ sub: "bea" });
  });

  it("lets a key that is made meanwhile sign at once, and the published one take over at its time", () => {
    const keys = open();
    const begin = clock.now() + 60_000;
    const later = keys.rotate("proof", begin);
    clock.set(begin - 1);
    const urgent = keys.rotate("proof");
    expect(keys.signer("proof").kid).toBe(urgent.kid);
    clock.set(begin);
    expect(keys.signer("proof").kid).toBe(later.kid);
    const next = keys.rotate("proof");
    expect(keys.signer("proof").kid).toBe(next.kid);
  });

  it("signs at once with the first key of a purpose, and makes one more for later", () => {
    const keys = open();
    const later = keys.rotate("approval", clock.now() + 1);
    const [first] = keys.publicKeys("approval");
    expect(keys.publicKeys("approval").map(({ kid }) => kid)).toEqual([first?.kid, later.kid]);
    expect(keys.signer("approval").kid).toBe(first?.kid);
    expect(first?.kid).not.toBe(later.kid);
  });

  it("I4: signs nothing with a key whose time has not come, though no other is left, and never with a revoked one", () => {
    const keys = open();
    const { kid } = keys.signer("proof");
    const later = keys.rotate("proof", clock.now() + 60_000);
    keys.revoke(kid);
    expect(() => keys.signer("proof")).toThrow(code("LEASH_CONFIG_INVALID"));
    keys.revoke(later.kid);
    clock.set(clock.now() + 60_000);
    expect(() => keys.signer("proof")).toThrow(code("LEASH_CONFIG_INVALID"));
  });

  it("makes no key for a time that has come or is none", () => {
    const keys = open();
    keys.signer("proof");
    for (const at of [clock.now(), 0, -1, clock.now() + 0.5, Number.NaN, Number.POSITIVE_INFINITY, 9e15]) {
      expect(() => keys.rotate("proof", at), String(at)).toThrow(code("LEASH_INPUT_INVALID"));
    }
    expect(keys.publicKeys("proof")).toHaveLength(1);
  });

  it("makes no key that would never sign, because the clock has run back behind those that there are", () => {
    const keys = open();
    const { kid } = keys.signer("proof");
    const madeAt = clock.now();
    clock.set(madeAt - 60_000);
    expect(() => keys.rotate("proof", madeAt - 30_000)).toThrow(code("LEASH_INPUT_INVALID"));
    const made = keys.rotate("proof", madeAt + 30_000);
    expect(keys.signer("proof").kid).toBe(kid);
    clock.set(madeAt + 30_000);
    expect(keys.signer("proof").kid).toBe(made.kid);
  });

  it("tells of each key what it does: published, active, retiring, revoked", () => {
    const keys = open();
    const first = keys.signer("proof").kid;
    const second = keys.rotate("proof").kid;
    keys.rotate("proof", clock.now() + 10);
    keys.signer("session");
    keys.revoke(first);
    const states = (now: number) => {
      const all = keys.keySet().keys;
      return all.filter(({ purpose }) => purpose === "proof").map((key) => keyState(key, all, now));
    };
    expect(states(clock.now())).toEqual(["revoked", "active", "published"]);
    expect(states(clock.now() + 10)).toEqual(["revoked", "retiring", "active"]);
    const sessions = keys.publicKeys("session").map((key) => keyState(key, keys.keySet().keys, clock.now()));
    expect(sessions).toEqual(["active"]);
    keys.revoke(second);
    expect(states(clock.now())).toEqual(["revoked", "revoked", "published"]);
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

  it("signs with a published key at its time, after a restart and in every process over the folder", () => {
    const [mine, theirs] = [fileRing(), fileRing()];
    const { kid } = mine.signer("proof");
    const made = theirs.rotate("proof", clock.now() + 60_000);
    expect(mine.keySet()).toEqual(theirs.keySet());
    expect(JSON.parse(readFileSync(path(), "utf8")).keys[1]).toMatchObject({ activeFrom: made.activeFrom });
    expect([mine, theirs, fileRing()].map((ring) => ring.signer("proof").kid)).toEqual([kid, kid, kid]);
    clock.set(clock.now() + 60_000);
    expect([mine, theirs, fileRing()].map((ring) => ring.signer("proof").kid)).toEqual([made.kid, made.kid, made.kid]);
    theirs.revoke(made.kid);
    expect(mine.signer("proof").kid).toBe(kid);
    expect(mine.publicKeys("proof").at(-1)).toMatchObject({ activeFrom: made.activeFrom, revokedAt: clock.now() });
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
