import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sink } from "../../model/sink.ts";
import { memoryStore } from "../../store/memory.ts";
import type { Store } from "../../store/store.ts";
import { fakeClock } from "../../testing/clock.ts";
import { verifyJsonl } from "../verify.ts";
import { NODE_IO } from "./active-file.ts";
import { fileSink, fileSinkOver, readLogFiles } from "./file.ts";
import { stored, write } from "./sinks.fixture.ts";

let folder = "";
let file = "";
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-file-sink-"));
  file = join(folder, "logs", "leash.jsonl");
  store = memoryStore();
  await write(store, "one", 20);
  await write(store, "two", 20);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = (): readonly string[] => readdirSync(join(folder, "logs")).sort();
const linesIn = (path: string): readonly string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);

async function sendAll(sink: Sink, streams: readonly string[] = ["one", "two"], every = 3): Promise<void> {
  for (const stream of streams) {
    const lines = await stored(store, stream);
    for (let at = (await sink.next?.(stream)) ?? 0; at < lines.length; at += every)
      await sink.accept(lines.slice(at, at + every));
  }
}

describe("fileSink", () => {
  it("writes lines as they were hashed, with mode 0600 in a folder of mode 0700, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      await sendAll(fileSink({ file }));
    } finally {
      process.umask(umask);
    }
    const all = [...(await stored(store, "one")), ...(await stored(store, "two"))];
    expect(linesIn(file)).toEqual(all.map(({ line }) => line));
    expect([statSync(file).mode & 0o777, statSync(join(folder, "logs")).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(names()).toEqual(["leash.jsonl"]);
  });

  it("begins a new file when one is full, and all of them verify as one log", async () => {
    await sendAll(fileSink({ file, maxBytes: 2_000 }));
    expect(names().slice(0, 2)).toEqual([
      "leash.000000000000-000000000005.jsonl",
      "leash.000000000006-000000000011.jsonl",
    ]);
    for (const name of names().filter((found) => /\d-\d/u.test(found))) {
      const [first = 0, last = 0] = (/(\d+)-(\d+)/u.exec(name) ?? []).slice(1).map(Number);
      expect(linesIn(join(folder, "logs", name))).toHaveLength(last - first + 1);
      expect(statSync(join(folder, "logs", name)).mode & 0o777).toBe(0o600);
    }
    expect(await verifyJsonl(readLogFiles(file))).toMatchObject({ ok: true, streams: 2, records: 40 });
  });

  it("begins a new file with each day", async () => {
    const clock = fakeClock(Date.parse("2026-11-26T23:59:59.000Z"));
    store = memoryStore({ clock });
    await write(store, "one", 2);
    clock.advance(2_000);
    await write(store, "one", 3);
    await fileSink({ file, daily: true }).accept(await stored(store, "one"));
    expect(names()).toContain("leash.000000000000-000000000001.jsonl");
    expect(linesIn(file)).toHaveLength(3);
    expect(await verifyJsonl(readLogFiles(file))).toMatchObject({ ok: true, records: 5 });
  });

  it("writes no line twice, over restarts and finished files, even ones that were moved away", async () => {
    await sendAll(fileSink({ file, maxBytes: 2_000 }));
    const before = names().map((name) => [name, readFileSync(join(folder, "logs", name), "utf8")]);
    const [moved = ""] = names();
    rmSync(join(folder, "logs", moved));
    const again = fileSink({ file, maxBytes: 2_000 });
    for (const stream of ["one", "two"]) await again.accept(await stored(store, stream));
    expect(names().map((name) => [name, readFileSync(join(folder, "logs", name), "utf8")])).toEqual(
      before.filter(([name]) => name !== moved),
    );
  });

  it("knows what finished files hold without their summary, too", async () => {
    await sendAll(fileSink({ file, maxBytes: 2_000 }));
    rmSync(`${file}.summary`);
    expect(await fileSink({ file }).next?.("one")).toBe(20);
    expect(await fileSink({ file }).next?.("three")).toBe(0);
  });

  it("moves the half line that a crash left aside, and takes it again", async () => {
    await sendAll(fileSink({ file }));
    truncateSync(file, statSync(file).size - 100);
    const sink = fileSink({ file });
    expect(await sink.next?.("two")).toBe(19);
    await sendAll(sink);
    expect(statSync(`${file}.torn`)).toMatchObject({ mode: expect.anything() });
    expect(await verifyJsonl(readLogFiles(file))).toMatchObject({ ok: true, records: 40 });
  });

  it("moves a half line longer than what it reads at a time aside", async () => {
    await sendAll(fileSink({ file }), ["one"]);
    appendFileSync(file, "x".repeat(200_000));
    await sendAll(fileSink({ file }));
    expect(readFileSync(`${file}.torn`, "utf8")).toBe("x".repeat(200_000));
    expect(await verifyJsonl(readLogFiles(file))).toMatchObject({ ok: true, records: 40 });
  });

  it("asks for lines again that somebody removed", async () => {
    const sink = fileSink({ file });
    await sendAll(sink);
    rmSync(file);
    await expect(sink.accept((await stored(store, "one")).slice(10))).rejects.toMatchObject({
      code: "LEASH_STORE_UNAVAILABLE",
    });
    expect(await sink.next?.("one")).toBe(0);
    await sendAll(sink);
    expect(await verifyJsonl(readLogFiles(file))).toMatchObject({ ok: true, records: 40 });
  });

  it("is shared by sinks that write in turn, also while one of them begins a new file", async () => {
    const sinks = [1, 2].map(() => fileSink({ file, maxBytes: 1_500 }));
    const [one, two] = [await stored(store, "one"), await stored(store, "two")];
    for (let at = 0; at < 20; at += 2) {
      await Promise.all([sinks[0]?.accept(one.slice(at, at + 2)), sinks[1]?.accept(two.slice(at, at + 2))]);
    }
    expect(await verifyJsonl(readLogFiles(file))).toMatchObject({ ok: true, streams: 2, records: 40 });
    expect(names().some((name) => name.endsWith(".lock"))).toBe(false);
  });

  it("takes over the lock of a process that is gone", async () => {
    const sink = fileSink({ file });
    await sendAll(sink, ["one"]);
    const { hostname } = await import("node:os");
    const { readlinkSync } = await import("node:fs");
    const boot = existsSync("/proc/sys/kernel/random/boot_id")
      ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
      : "";
    const space = existsSync("/proc/self/ns/pid") ? readlinkSync("/proc/self/ns/pid") : "";
    writeFileSync(`${file}.lock`, `4194304 ${[hostname(), boot, space].join("/")}\n`);
    await sendAll(sink, ["two"]);
    expect(await verifyJsonl(readLogFiles(file))).toMatchObject({ ok: true, records: 40 });
  });

  it("waits for a process that lives, and then says which lock it could not get", { timeout: 20_000 }, async () => {
    const sink = fileSink({ file });
    await sendAll(sink, ["one"]);
    writeFileSync(`${file}.lock`, "1 another machine\n");
    await expect(sendAll(sink, ["two"])).rejects.toMatchObject({
      code: "LEASH_STORE_UNAVAILABLE",
      message: expect.stringContaining("leash.jsonl.lock"),
    });
    expect(readFileSync(`${file}.lock`, "utf8")).toBe("1 another machine\n");
    rmSync(`${file}.lock`);
    await sendAll(sink, ["two"]);
  });
});

describe("fileSink on a disk that fails", () => {
  const failing = (code: string, after: number) => {
    let left = after;
    let isMended = false;
    const sink = fileSinkOver(
      { file },
      {
        ...NODE_IO,
        write(descriptor, bytes, offset) {
          if (isMended) return NODE_IO.write(descriptor, bytes, offset);
          if (left <= 0) throw Object.assign(new Error("the disk says no"), { code });
          const part = bytes.subarray(offset, offset + Math.min(left, bytes.length - offset));
          left -= part.length;
          return NODE_IO.write(descriptor, part, 0);
        },
      },
    );
    return { sink, mend: () => (isMended = true) };
  };

  it.each([
    ["ENOSPC", "The disk is full"],
    ["EROFS", "read-only"],
    ["EIO", "The disk failed"],
  ])("says what %s means, leaves no half line, and recovers", async (code, advice) => {
    const { mend, sink } = failing(code, 700);
    const lines = await stored(store, "one");
    await sink.accept(lines.slice(0, 2));
    const before = readFileSync(file, "utf8");
    await expect(sink.accept(lines.slice(2, 6))).rejects.toMatchObject({
      code: "LEASH_STORE_UNAVAILABLE",
      message: expect.stringContaining(advice),
    });
    expect(readFileSync(file, "utf8")).toBe(before);
    mend();
    await sink.accept(lines.slice(2, 6));
    expect(await verifyJsonl(readLogFiles(file))).toMatchObject({ ok: true, records: 6 });
  });

  it("does not count a line as taken that could not be synced", async () => {
    let fails = false;
    const sink = fileSinkOver(
      { file },
      { ...NODE_IO, sync: (descriptor) => (fails ? Promise.reject(new Error("no")) : NODE_IO.sync(descriptor)) },
    );
    const lines = await stored(store, "one");
    await sink.accept(lines.slice(0, 2));
    fails = true;
    await expect(sink.accept(lines.slice(2, 4))).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
    fails = false;
    expect(await sink.next?.("one")).toBe(2);
    await sink.accept(lines.slice(2, 4));
    expect(await verifyJsonl(readLogFiles(file))).toMatchObject({ ok: true, records: 4 });
  });

  it.each([{ file: "" }, { file: "a\0b" }, { file: "x", maxBytes: 0 }, { file: "x", size: 3 }])(
    "refuses %j",
    (options) => {
      expect(() => fileSink(options)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
    },
  );
});
