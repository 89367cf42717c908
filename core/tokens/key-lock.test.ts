import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { isLeashError } from "../errors.ts";
import { fakeClock } from "../testing/clock.ts";
import { seededRandom } from "../testing/random.ts";
import { underLock } from "./key-lock.ts";
import { fileKeyRing, type KeyRing } from "./keys.ts";

const ROTATE = inject("children")["core/tokens/rotate-keys.fixture.ts"];
const [PROCESSES, ROUNDS] = [3, 8];

let folder: string;
let seeds = 0;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "leashkit-lock-")), "keys");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const fileRing = (): KeyRing => fileKeyRing({ folder, clock: fakeClock(), random: seededRandom((seeds += 1)) });
const path = (): string => join(folder, "proof.json");

describe("the lock of a key file", () => {
  it("loses no key and no revocation when processes do so at the same time", { timeout: 120_000 }, async () => {
    const keys = fileRing();
    const first = keys.signer("proof").kid;
    const runs = Array.from({ length: PROCESSES }, () =>
      promisify(execFile)(process.execPath, [ROTATE, folder, `${ROUNDS}`]),
    );
    const made = (await Promise.all(runs)).map(({ stdout }): readonly string[] => JSON.parse(stdout));
    const listed = new Map(keys.publicKeys("proof").map(({ kid, revokedAt }) => [kid, revokedAt]));
    expect(new Set(listed.keys())).toEqual(new Set([first, ...made.flat()]));
    expect(listed.size).toBe(1 + PROCESSES * ROUNDS);
    for (const kids of made) {
      for (const [round, kid] of kids.entries()) expect(listed.get(kid) !== null, kid).toBe(round % 2 === 0);
    }
    expect(readdirSync(folder)).toEqual(["proof.json"]);
  });

  it("is taken away from a process that died with it, and by no means sooner", () => {
    fileRing();
    const lock = `${path()}.lock`;
    writeFileSync(lock, "d".repeat(32), { mode: 0o600 });
    const began = performance.now();
    expect(underLock(path(), seededRandom(1), (isHeld) => isHeld(), 200)).toBe(true);
    expect(performance.now() - began).toBeGreaterThan(200);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("stops waiting, and says what to remove, where who took it away died over that, too", () => {
    fileRing();
    const lock = `${path()}.lock`;
    writeFileSync(lock, "d".repeat(32), { mode: 0o600 });
    writeFileSync(`${lock}.${"d".repeat(32)}`, "d".repeat(32), { mode: 0o600 });
    const run = () => underLock(path(), seededRandom(1), () => expect.unreachable(), 100);
    expect(run).toThrow(expect.toSatisfy((error) => isLeashError(error, "LEASH_CONFIG_INVALID")));
    expect(run).toThrow("Remove it");
  });

  it("is held while the change is made, told from another's, and gone after a failure", () => {
    fileRing();
    const failure = new Error("no");
    const lock = `${path()}.lock`;
    const run = () =>
      underLock(path(), seededRandom(1), (isHeld) => {
        expect(isHeld()).toBe(true);
        const own = readFileSync(lock, "utf8");
        writeFileSync(lock, "e".repeat(32));
        expect(isHeld()).toBe(false);
        writeFileSync(lock, own);
        throw failure;
      });
    expect(run).toThrow(failure);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("I4: changes nothing where the lock was taken away meanwhile, and leaves it to who has it", () => {
    const keys = fileRing();
    keys.signer("proof");
    const before = readFileSync(path(), "utf8");
    const lock = `${path()}.lock`;
    const thief = fileKeyRing({
      folder,
      clock: {
        now() {
          writeFileSync(lock, "f".repeat(32), { mode: 0o600 });
          return Date.UTC(2026, 0, 1);
        },
      },
      random: seededRandom((seeds += 1)),
    });
    expect(() => thief.rotate("proof")).toThrow(
      expect.toSatisfy((error) => isLeashError(error, "LEASH_CONFIG_INVALID")),
    );
    expect(readFileSync(path(), "utf8")).toBe(before);
    expect(readFileSync(lock, "utf8")).toBe("f".repeat(32));
  });

  it("I4: writes over no change that somebody made by hand meanwhile", () => {
    const keys = fileRing();
    const { kid } = keys.signer("proof");
    let isFirst = true;
    const slow = fileKeyRing({
      folder,
      clock: {
        now() {
          const text = readFileSync(path(), "utf8");
          if (isFirst) writeFileSync(path(), text.replace('"revokedAt":null', '"revokedAt":1'));
          isFirst = false;
          return Date.UTC(2026, 0, 1);
        },
      },
      random: seededRandom((seeds += 1)),
    });
    slow.rotate("proof");
    expect(keys.publicKeys("proof")).toMatchObject([{ kid, revokedAt: 1 }, { revokedAt: null }]);
  });
});
