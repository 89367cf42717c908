import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { sqliteStore } from "../../store/sqlite.ts";
import { stateLayout } from "../../state.ts";
import { seededRandom } from "../../testing/random.ts";
import { readJsonl } from "../jsonl.ts";
import { readRecord } from "../read-log.ts";
import { verifyJsonl } from "../verify.ts";
import { SENDER_LEASE_MS } from "./cursor.ts";
import { fileSink, readLogFiles } from "./file.ts";
import { openSinks } from "./sinks.ts";

const FIXTURE = inject("children")["core/audit/sinks/run-until-killed.fixture.ts"];
const ROUNDS = 3;

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-sink-kill-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lines = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];

describe("processes killed behind a required file sink", () => {
  it(
    "I5: have had no effect whose line is not in the sink, and the next process completes it",
    { timeout: 120_000 },
    async () => {
      const [state, file, effects] = [
        join(folder, "state"),
        join(folder, "log", "leash.jsonl"),
        join(folder, "effects"),
      ];
      const random = seededRandom(20_261_126);
      for (let round = 0; round < ROUNDS; round += 1) {
        const before = lines(effects).length;
        const children = [1, 2].map(() =>
          spawn(process.execPath, [FIXTURE, state, file, effects], { stdio: ["ignore", "inherit", "inherit"] }),
        );
        const ends = children.map((child) => once(child, "close"));
        while (lines(effects).length < before + 5 && children.every(({ exitCode }) => exitCode === null))
          await sleep(5);
        await sleep(20 + random.integer(200));
        for (const child of children) child.kill("SIGKILL");
        for (const end of ends) expect(await end).toEqual([null, "SIGKILL"]);
        const granted = await grantedIn(file);
        expect(lines(effects).filter((actionId) => !granted.has(actionId))).toEqual([]);
        expect(lines(effects).length).toBeGreaterThan(before);
      }
      await complete(state, file);
    },
  );
});

/** Ids of the actions that the sink holds leave for; whole lines only. */
async function grantedIn(file: string): Promise<ReadonlySet<string | undefined>> {
  const granted = new Set<string | undefined>();
  for await (const some of readJsonl(readLogFiles(file))) {
    for (const line of some) {
      if (line === undefined || !line.endsWith('"}')) continue;
      const record = readRecord({ stream: "", seq: 0, line });
      if (record.type === "granted") granted.add(record.action_id);
    }
  }
  return granted;
}

/** Once the leases of the dead have run out, whoever comes sends what they left. */
async function complete(state: string, file: string): Promise<void> {
  const wall = { now: () => Date.now() + SENDER_LEASE_MS + 1_000 };
  const store = await sqliteStore({ file: stateLayout(state).store, clock: wall });
  const sinks = openSinks(store, "next", { sinks: [fileSink({ file })] });
  const streams = await store.streams();
  const all = (await Promise.all(streams.map(async (stream) => count(store, stream)))).reduce(
    (sum, one) => sum + one,
    0,
  );
  for (;;) {
    const report = await verifyJsonl(readLogFiles(file));
    if (report.records === all) break;
    await sleep(20);
  }
  await sinks.close();
  expect(await verifyJsonl(readLogFiles(file))).toEqual({
    ok: true,
    streams: streams.length,
    records: all,
    firstBad: null,
  });
  await store.close();
}

async function count(store: Awaited<ReturnType<typeof sqliteStore>>, stream: string): Promise<number> {
  let from = 0;
  for (let page = await store.lines(stream, 0, 1_000); page.length > 0; page = await store.lines(stream, from, 1_000)) {
    from += page.length;
  }
  return from;
}
