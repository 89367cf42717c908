import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDoorbell } from "./doorbell.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-bell-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("openDoorbell", () => {
  it("wakes whoever watches when another process rings", async () => {
    const file = join(folder, "bell");
    const woken = new Promise<void>((resolve) => {
      const stop = openDoorbell(file).watch(() => {
        stop();
        resolve();
      });
    });
    openDoorbell(file).ring();
    await woken;
  });

  it("stays one byte, however often it is rung, and also where an older release left an empty file", () => {
    const file = join(folder, "bell");
    writeFileSync(file, "");
    const bell = openDoorbell(file);
    for (let ring = 0; ring < 3; ring += 1) bell.ring();
    expect(statSync(file).size).toBe(1);
  });

  it("makes its file with mode 0600, whatever the umask", () => {
    const umask = process.umask(0);
    try {
      openDoorbell(join(folder, "bell"));
    } finally {
      process.umask(umask);
    }
    expect(statSync(join(folder, "bell")).mode & 0o777).toBe(0o600);
  });

  it("does nothing, silently, where it cannot have a file", () => {
    const file = join(folder, "absent", "bell");
    const bell = openDoorbell(file);
    bell.ring();
    bell.watch(() => undefined)();
    expect(existsSync(file)).toBe(false);
  });
});
