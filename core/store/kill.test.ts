import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { seededRandom } from "../testing/random.ts";
import { readChain } from "../testing/store-harness.ts";
import { memoryStore } from "./memory.ts";
import { sqliteStore } from "./sqlite.ts";
import type { Store } from "./store.ts";

const FIXTURE = inject("children")["core/store/commit-until-killed.fixture.ts"];
const ROUNDS = 5;

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-kill-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("processes killed while they commit", () => {
  it(
    "I5: have left every acknowledged row and its line in one SQLite file, and no row without its line",
    { timeout: 120_000 },
    async () => {
      const file = join(folder, "store.db");
      const random = seededRandom(20_260_101);
      const acknowledged = new Set<number>();
      for (let round = 0; round < ROUNDS; round += 1) {
        const lifetimes = [5 + random.integer(150), 5 + random.integer(150)];
        const fresh = await Promise.all(
          lifetimes.map((lifetime, index) =>
            commitUntilKilled("sqlite", file, (2 * round + index) * 1_000_000, lifetime),
          ),
        );
        for (const numbers of fresh) {
          expect(numbers.length).toBeGreaterThan(0);
          for (const number of numbers) acknowledged.add(number);
        }
        const store = await sqliteStore({ file });
        const logged = await numbersInLog(store);
        expect(await numbersInRows(store)).toEqual(logged);
        expect([...acknowledged].filter((number) => !logged.has(number))).toEqual([]);
        await store.close();
      }
    },
  );

  it("I5: have left every acknowledged line in the memory store's log", { timeout: 120_000 }, async () => {
    const log = join(folder, "log.jsonl");
    const random = seededRandom(20_260_102);
    const acknowledged = new Set<number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const fresh = await commitUntilKilled("memory", log, round * 1_000_000, 5 + random.integer(150));
      expect(fresh.length).toBeGreaterThan(0);
      for (const number of fresh) acknowledged.add(number);
      const store = memoryStore({ log });
      const logged = await numbersInLog(store);
      expect([...acknowledged].filter((number) => !logged.has(number))).toEqual([]);
      await store.close();
    }
  });
});

/** Gives the numbers that the process acknowledged before it was killed, `lifetime` milliseconds after the first one. */
async function commitUntilKilled(
  kind: string,
  path: string,
  first: number,
  lifetime: number,
): Promise<readonly number[]> {
  const output = `${path}.acknowledged-${first}`;
  const descriptor = openSync(output, "w");
  const child = spawn(process.execPath, [FIXTURE, kind, path, String(first)], {
    stdio: ["ignore", descriptor, "inherit"],
  });
  const end = new Promise<string>((resolve) =>
    child.once("close", (code, signal) => resolve(signal ?? `exit with ${code}`)),
  );
  while (statSync(output).size === 0 && child.exitCode === null) await sleep(5);
  await sleep(lifetime);
  child.kill("SIGKILL");
  expect(await end).toBe("SIGKILL");
  closeSync(descriptor);
  return readFileSync(output, "utf8").split("\n").slice(0, -1).map(Number);
}

async function numbersInRows(store: Store): Promise<ReadonlySet<number>> {
  const numbers = new Set<number>();
  for (let page = await store.list("used", { limit: 1_000 }); page.length > 0;) {
    for (const row of page) numbers.add(Number(row.id));
    page = await store.list("used", { limit: 1_000, after: page.at(-1)?.id ?? "" });
  }
  return numbers;
}

/** The numbers of all streams, whose chains are recomputed on the way. */
async function numbersInLog(store: Store): Promise<ReadonlySet<number>> {
  const details: string[] = [];
  for (const stream of await store.streams()) details.push(...(await readChain(store, stream)));
  expect(new Set(details).size).toBe(details.length);
  return new Set(details.map(Number));
}
