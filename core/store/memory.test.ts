import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeClock } from "../testing/clock.ts";
import { storeCases } from "../testing/store-cases.ts";
import { create, numbered, readChain } from "../testing/store-harness.ts";
import { systemClock } from "./clock.ts";
import type { LogFile } from "./log-file.ts";
import { memoryStore, memoryStoreOver } from "./memory.ts";

const unavailable = { code: "LEASH_STORE_UNAVAILABLE" };

describe("memoryStore", () => {
  for (const { name, run } of storeCases) it(name, () => run(async (options) => memoryStore(options)));

  it("cannot be shared with another process", () => {
    expect(memoryStore().shared).toBe(false);
  });
});

describe("memoryStore with a log", () => {
  const suite = mkdtempSync(join(tmpdir(), "leashkit-memory-"));
  let opened = 0;
  afterAll(() => rmSync(suite, { recursive: true, force: true }));

  for (const { name, run } of storeCases) {
    it(name, () => run(async (options) => memoryStore({ ...options, log: join(suite, `${(opened += 1)}.jsonl`) })));
  }
});

describe("the log of memoryStore", () => {
  let folder = "";
  let log = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "leashkit-memory-"));
    log = join(folder, "log.jsonl");
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is the lines of the store, in the order they were written", async () => {
    const store = memoryStore({ log });
    await store.commit([create("a")], { stream: "a", records: [numbered(0), numbered(1)] });
    await store.commit([create("a")], { stream: "a", records: [numbered(2)] });
    await store.commit([], { stream: "b", records: [numbered(3)] });
    const lines = [...(await store.lines("a", 0)), ...(await store.lines("b", 0))].map(({ line }) => `${line}\n`);
    expect(lines).toHaveLength(3);
    expect(readFileSync(log, "utf8")).toBe(lines.join(""));
    await store.close();
  });

  it("is continued by the next process, with its chain and its time", async () => {
    const clock = fakeClock(Date.UTC(2026, 0, 2));
    const first = memoryStore({ log, clock });
    await first.commit([create("a")], { stream: "log", records: [numbered(0), numbered(1)] });
    await first.close();
    clock.set(Date.UTC(2026, 0, 1));
    const second = memoryStore({ log, clock });
    expect(second.now()).toBe(Date.UTC(2026, 0, 2));
    expect(await second.get("used", "a")).toBeUndefined();
    await second.commit([], { stream: "log", records: [numbered(2)] });
    expect(await readChain(second, "log")).toEqual(["0", "1", "2"]);
    await second.close();
  });

  it("I4: is not continued behind a line that does not follow, which is named", async () => {
    const store = memoryStore({ log });
    await store.commit([], { stream: "log", records: [0, 1, 2, 3].map(numbered) });
    await store.close();
    const lines = readFileSync(log, "utf8").split("\n");
    const [first = "", second = "", third = ""] = lines;
    for (const [damage, number] of [
      [[first, third], 2],
      [[second], 1],
      [[first, second, second], 3],
      [[first, second.replace('"prev":"', '"prev":"0')], 2],
      [[first, second.replace('"seq":1', '"seq":2')], 2],
      [[first, "", second], 2],
      [[first, "null"], 2],
      [[first.replace('"v":1', '"v":2')], 1],
      [[first, second.slice(0, -1)], 2],
    ] as const) {
      writeFileSync(log, `${damage.join("\n")}\n`);
      expect(() => memoryStore({ log })).toThrow(
        expect.objectContaining({ ...unavailable, message: expect.stringContaining(`its line ${number} `) }),
      );
    }
  });

  it("I5: is synced before a commit resolves and before anybody sees its rows", async () => {
    const sync = deferred();
    const file = recordingLog(() => sync.promise);
    const store = memoryStoreOver(systemClock, file);
    let resolved = false;
    const committed = store.commit([create("a")], { stream: "log", records: [numbered(0)] }).then((result) => {
      resolved = true;
      return result;
    });
    await until(() => file.events.includes("sync"));
    expect(file.events).toEqual(["write 1", "sync"]);
    expect(await store.get("used", "a")).toBeUndefined();
    expect(await store.lines("log", 0)).toEqual([]);
    expect(resolved).toBe(false);
    sync.resolve();
    expect(await committed).toEqual({ ok: true });
    expect((await store.get("used", "a"))?.version).toBe(1);
    await store.close();
  });

  it("shares one sync among commits in flight, with one in flight at a time", async () => {
    let active = 0;
    const file = recordingLog(async () => {
      active += 1;
      expect(active).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      active -= 1;
    });
    const store = memoryStoreOver(systemClock, file);
    const commit = (number: number): Promise<unknown> =>
      store.commit([create(`${number}`)], { stream: "log", records: [numbered(number)] });
    const first = [0, 1, 2].map(commit);
    await until(() => active === 1);
    await Promise.all([...first, ...[3, 4].map(commit)]);
    expect(file.events).toEqual(["write 3", "sync", "write 2", "sync"]);
    expect(await readChain(store, "log")).toEqual(["0", "1", "2", "3", "4"]);
    await store.close();
  });

  it("is not synced for commits that write no line", async () => {
    const file = recordingLog(async () => undefined);
    const store = memoryStoreOver(systemClock, file);
    await store.commit([create("a")]);
    await store.commit([create("a")], { stream: "log", records: [numbered(0)] });
    expect(file.events).toEqual([]);
    await store.close();
  });

  it.each(["write", "sync"] as const)(
    "I4: refuses every commit of a failed %s and changes nothing",
    async (failing) => {
      let fails = true;
      const fail = (): void => {
        if (fails) throw Object.assign(new Error("no space left"), unavailable);
      };
      const file = recordingLog(
        async () => (failing === "sync" ? fail() : undefined),
        failing === "write" ? fail : undefined,
      );
      const store = memoryStoreOver(systemClock, file);
      const both = [create("a"), create("b")].map((change) =>
        store.commit([change], { stream: "log", records: [numbered(0)] }),
      );
      const reasons = (await Promise.allSettled(both)).map((result) => result.status === "rejected" && result.reason);
      expect(reasons).toMatchObject([unavailable, unavailable]);
      expect(await store.list("used")).toEqual([]);
      expect(await store.streams()).toEqual([]);
      fails = false;
      await store.commit([create("a")], { stream: "log", records: [numbered(1)] });
      expect(await readChain(store, "log")).toEqual(["1"]);
      await store.close();
    },
  );
});

function recordingLog(sync: () => Promise<void>, write: () => void = () => undefined): LogFile & { events: string[] } {
  const events: string[] = [];
  return {
    events,
    lines: [],
    write: (lines) => {
      events.push(`write ${lines.length}`);
      write();
    },
    sync: () => {
      events.push("sync");
      return sync();
    },
    close: () => undefined,
  };
}

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
