import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type LogFileIo, openLogFile } from "./log-file.ts";

const calls = vi.hoisted((): string[] => []);

vi.mock(import("node:fs"), async (original) => {
  const fs = await original();
  const fdatasync: typeof fs.fdatasync = Object.assign((...parameters: Parameters<typeof fs.fdatasync>) => {
    calls.push("fdatasync");
    return fs.fdatasync(...parameters);
  }, fs.fdatasync);
  return { ...fs, fdatasync };
});

let folder = "";
let file = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-log-"));
  file = join(folder, "state", "log.jsonl");
  calls.length = 0;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("openLogFile", () => {
  it("makes the file with mode 0600 and its folder with 0700, whatever the umask", () => {
    const umask = process.umask(0);
    try {
      openLogFile(file).close();
    } finally {
      process.umask(umask);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "state")).mode & 0o777).toBe(0o700);
  });

  it("appends lines and calls the system's fdatasync", async () => {
    const log = openLogFile(file);
    log.write(["one", "zwö"]);
    expect(calls).toEqual([]);
    await log.sync();
    expect(calls).toEqual(["fdatasync"]);
    log.close();
    const again = openLogFile(file);
    expect(again.lines).toEqual(["one", "zwö"]);
    again.write(["three"]);
    again.close();
    expect(readFileSync(file, "utf8")).toBe("one\nzwö\nthree\n");
  });

  it("A-S3: puts half a line aside, cut at every byte, and continues behind the last whole one", () => {
    const whole = 'first\n{"a":"é"}\n';
    const bytes = Buffer.from(whole);
    for (let length = 0; length <= bytes.length; length += 1) {
      const cut = join(folder, `cut-${length}.jsonl`);
      writeFileSync(cut, bytes.subarray(0, length));
      const log = openLogFile(cut);
      const kept = whole.slice(0, length < 6 ? 0 : length < bytes.length ? 6 : undefined);
      expect(log.lines.map((line) => `${line}\n`).join("")).toBe(kept);
      log.write(["next"]);
      log.close();
      expect(readFileSync(cut, "utf8")).toBe(`${kept}next\n`);
      const aside = bytes.subarray(Buffer.byteLength(kept), length);
      expect(existsSync(`${cut}.torn`)).toBe(aside.length > 0);
      if (aside.length > 0) expect(readFileSync(`${cut}.torn`).equals(aside)).toBe(true);
    }
  });

  it("writes on after the system took a part of the bytes only", () => {
    const log = openLogFile(file, fromSteps([3, 1, "all"]));
    log.write(["abcdef"]);
    log.close();
    expect(readFileSync(file, "utf8")).toBe("abcdef\n");
  });

  it("I4: refuses one write of which nothing reached the file, and takes the next", () => {
    const log = openLogFile(file, fromSteps(["fail", "all"]));
    expect(() => log.write(["lost"])).toThrow(expect.objectContaining({ code: "LEASH_STORE_UNAVAILABLE" }));
    log.write(["kept"]);
    log.close();
    expect(readFileSync(file, "utf8")).toBe("kept\n");
  });

  it.each([
    ["an error", "fail" as const],
    ["no progress", 0],
  ])("I4: takes nothing more after half a line and %s, until it is opened again", (_what, step) => {
    const log = openLogFile(file, fromSteps([4, step, "all"]));
    const unavailable = expect.objectContaining({ code: "LEASH_STORE_UNAVAILABLE" });
    expect(() => log.write(["torn line"])).toThrow(unavailable);
    expect(() => log.write(["next"])).toThrow(unavailable);
    log.close();
    const again = openLogFile(file);
    again.write(["after"]);
    again.close();
    expect(readFileSync(file, "utf8")).toBe("after\n");
    expect(readFileSync(`${file}.torn`, "utf8")).toBe("torn");
  });

  it("I4: takes nothing more after a failed sync, because what reached the disk is unknown", async () => {
    const log = openLogFile(file, { ...fromSteps(["all", "all"]), sync: () => Promise.reject(new Error("EIO")) });
    log.write(["one"]);
    await expect(log.sync()).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
    expect(() => log.write(["two"])).toThrow(expect.objectContaining({ code: "LEASH_STORE_UNAVAILABLE" }));
    log.close();
  });

  it("I4: says so when it cannot be opened", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => openLogFile(join(folder, "file", "log.jsonl"))).toThrow(
      expect.objectContaining({ code: "LEASH_STORE_UNAVAILABLE" }),
    );
  });
});

/** Writes as many bytes as each step says; `fail` throws. */
function fromSteps(steps: readonly (number | "all" | "fail")[]): LogFileIo {
  const remaining = [...steps];
  return {
    write: (descriptor, bytes, offset) => {
      const step = remaining.shift();
      if (step === undefined || step === "fail") throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      const end = step === "all" ? bytes.length : offset + step;
      return step === 0 ? 0 : writeAll(descriptor, bytes.subarray(offset, end));
    },
    sync: async () => undefined,
  };
}

function writeAll(descriptor: number, bytes: Uint8Array): number {
  writeFileSync(descriptor, bytes);
  return bytes.length;
}
