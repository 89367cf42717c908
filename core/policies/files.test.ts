import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PolicyInvalid } from "../errors.ts";
import { contentKey, readSettled, stampOf } from "./files.ts";
import { sleep, temporaryFolder } from "./files.fixture.ts";

const signal = new AbortController().signal;
/** With this one whoever waits at all fails. */
const noWaiting = AbortSignal.abort();

function write(text: string): string {
  const file = join(temporaryFolder(), "leash.yaml");
  writeFileSync(file, text);
  return file;
}

async function textOf(file: string, settleMs = 20): Promise<string> {
  const state = (await readSettled([file], { settleMs, signal })).get(file);
  return state?.kind === "read" ? Buffer.from(state.bytes).toString() : (state?.kind ?? "unread");
}

describe("readSettled", () => {
  it("gives what a file says once it stays so", async () => {
    const file = write("a");
    const reading = textOf(file, 30);
    for (const letter of "bcdefghij") {
      await sleep(5);
      appendFileSync(file, letter);
    }
    expect(await reading).toBe("abcdefghij");
  });

  it("does not take for rest that a file says the same again: it may say something else in between", async () => {
    const file = write("a");
    let isRead = false;
    const reading = textOf(file, 30).finally(() => (isRead = true));
    for (let step = 0; step < 20; step += 1) {
      await sleep(5);
      writeFileSync(file, "a");
    }
    expect(isRead).toBe(false);
    expect(await reading).toBe("a");
  });

  it("looks at all files together: one that changes keeps the others waiting", async () => {
    const [first, second] = [write("1"), write("2")];
    const reading = readSettled([first, second], { settleMs: 30, signal });
    for (let step = 0; step < 8; step += 1) {
      await sleep(5);
      writeFileSync(second, `${step}`);
    }
    writeFileSync(first, "last");
    const files = await reading;
    expect([...files.values()].map((file) => file.kind === "read" && Buffer.from(file.bytes).toString())).toEqual([
      "last",
      "7",
    ]);
  });

  it("gives up on files that never rest", async () => {
    const file = write("");
    const writing = setInterval(() => appendFileSync(file, "x"), 1);
    try {
      await expect(textOf(file, 5)).rejects.toThrow(PolicyInvalid);
    } finally {
      clearInterval(writing);
    }
  });

  it("believes the file system's times only when asked to, and only for what has rested", async () => {
    const file = write("a");
    const rested = { settleMs: 30, signal: noWaiting, believeTimes: true };
    await expect(readSettled([file], { ...rested, settleMs: 60_000 })).rejects.toThrow(/abort/iu);
    await sleep(60);
    expect((await readSettled([file], rested)).get(file)).toMatchObject({ kind: "read" });
    await expect(readSettled([file], { ...rested, believeTimes: false })).rejects.toThrow(/abort/iu);
  });

  it.each([
    ["in the past", -3_600_000],
    ["in the future", 3_600_000],
  ])("is not deceived by a time of change that was set %s", async (_, shift) => {
    const file = write("a");
    const time = new Date(Date.now() + shift);
    utimesSync(file, time, time);
    await expect(readSettled([file], { settleMs: 60_000, signal: noWaiting, believeTimes: true })).rejects.toThrow(
      /abort/iu,
    );
  });

  it("tells at once that a file is not there, when times are believed", async () => {
    const file = join(temporaryFolder(), "none", "leash.yaml");
    const files = await readSettled([file], { settleMs: 20, signal: noWaiting, believeTimes: true });
    expect(files.get(file)).toMatchObject({ kind: "missing", cause: { code: "ENOENT" } });
  });

  it("takes a link to nothing, and a path through a file, for a missing file", async () => {
    const folder = temporaryFolder();
    symlinkSync(join(folder, "none"), join(folder, "link"));
    expect(await textOf(join(folder, "link"))).toBe("missing");
    expect(await textOf(join(write("a"), "below"))).toBe("missing");
  });

  it.each<readonly [string, (path: string) => void]>([
    ["a folder", (path) => mkdirSync(path)],
    ["a pipe that nobody writes to", (path) => execFileSync("mkfifo", [path])],
    ["a link to itself", (path) => symlinkSync(path, path)],
    ["a file of more than 8 MiB", (path) => (writeFileSync(path, ""), truncateSync(path, 8 * 1_048_576 + 1))],
  ])("does not read %s", async (_, make) => {
    const path = join(temporaryFolder(), "leash.yaml");
    make(path);
    expect(await textOf(path)).toBe("unreadable");
  });

  it.each(["/proc/version"].filter(existsSync))(
    "does not read %s: there is more of it than its size says",
    async (path) => {
      await expect(textOf(path, 1)).rejects.toThrow(PolicyInvalid);
    },
  );

  it("reads up to 8 MiB", async () => {
    const file = write("");
    truncateSync(file, 8 * 1_048_576);
    expect((await textOf(file)).length).toBe(8 * 1_048_576);
  });
});

describe("stampOf and contentKey", () => {
  it("tell a file that was written again from one that says something else", async () => {
    const file = write("a");
    const look = async (): Promise<readonly [string, string]> => {
      const files = await readSettled([file], { settleMs: 10, signal });
      return [await stampOf(file), contentKey([file], files)];
    };
    const first = await look();
    expect(await look()).toEqual(first);
    writeFileSync(file, "a");
    const second = await look();
    expect(second[0]).not.toBe(first[0]);
    expect(second[1]).toBe(first[1]);
    writeFileSync(file, "b");
    expect((await look())[1]).not.toBe(first[1]);
  });
});
