import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createLeash, type Store } from "@leashkit/core";
import { scriptedPolicy } from "@leashkit/core/testing";
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { postgresStore } from "./index.ts";
import { freshSchema, sharedServer } from "./server.fixture.ts";

const server = sharedServer(inject("postgres"));
if (server === undefined) console.info("Skipped for want of a server: processes that share a PostgreSQL store");
const connectionString = server?.connectionString ?? "";
const programs = inject("children");

let schema = "";
let store: Store;
const children: ChildProcessWithoutNullStreams[] = [];

beforeEach(async () => {
  schema = freshSchema();
  if (server !== undefined) store = await postgresStore({ connectionString, schema });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await store.close();
});

afterAll(() => server?.stop());

/** Another process that does this job; `lines` are what it has printed. */
function start(job: string, argument: string | number = "") {
  const child = spawn(
    process.execPath,
    [programs["packages/postgres/child.fixture.ts"], job, schema, String(argument)],
    {
      env: { ...process.env, CONNECTION_STRING: connectionString, PGAPPNAME: schema },
    },
  );
  children.push(child);
  child.stderr.pipe(process.stderr);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const ended = once(child, "close").then(([code, signal]: unknown[]) => code ?? signal);
  const printed = async (count: number): Promise<string> => {
    while (lines.length < count && child.exitCode === null) await sleep(2);
    return lines[count - 1] ?? "";
  };
  return { child, lines, ended, printed };
}

/** The server finishes the statement of a process that is gone; what it writes must not come between two reads. */
async function sessionsEnd(): Promise<void> {
  const sessions = `SELECT FROM pg_stat_activity WHERE application_name = '${schema}'`;
  while (((await server?.query(sessions)) ?? []).length > 0) await sleep(10);
}

/** All details of all streams; the chains are recomputed from the bytes on the way. */
async function readLog(): Promise<readonly string[]> {
  const details: string[] = [];
  for (const stream of await store.streams()) {
    let prev = "0".repeat(64);
    let seq = 0;
    for (
      let page = await store.lines(stream, 0, 1_000);
      page.length > 0;
      page = await store.lines(stream, seq, 1_000)
    ) {
      for (const { line } of page) {
        const record = JSON.parse(line) as Readonly<Record<string, unknown>>;
        expect([record["seq"], record["prev"]]).toEqual([seq, prev]);
        prev = createHash("sha256")
          .update(`\0${line.slice(0, -75)}`)
          .digest("hex");
        expect(record["hash"]).toBe(prev);
        details.push(String(record["detail"]));
        seq += 1;
      }
    }
  }
  return details;
}

describe.skipIf(server === undefined)("processes that share a PostgreSQL store", () => {
  it("lose no increment of a counter and break no stream, however they race", async () => {
    const racers = [start("increment", 40), start("increment", 40)];
    for (const { printed } of racers) await printed(1);
    for (const { child } of racers) child.stdin.end("go\n");
    expect(await Promise.all(racers.map(({ ended }) => ended))).toEqual([0, 0]);
    expect(await store.get("counter", "shared")).toMatchObject({ version: 80, body: 80 });
    expect(await readLog()).toHaveLength(80);
    console.info(
      `Two processes raced for one counter; too late ${racers.map(({ lines }) => lines[1]).join(" and ")} times`,
    );
  });

  it("I5: have left every acknowledged row and its line when they are killed, and no row without its line", async () => {
    const writers = [start("commitForEver", 0), start("commitForEver", 1_000_000)];
    for (const { child, printed, ended } of writers) {
      await printed(50);
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
    }
    await sessionsEnd();
    const rows: string[] = [];
    for (
      let page = await store.list("used");
      page.length > 0;
      page = await store.list("used", { after: rows.at(-1) ?? "" })
    ) {
      rows.push(...page.map(({ id }) => id));
    }
    expect(new Set(await readLog())).toEqual(new Set(rows));
    const acknowledged = writers.flatMap(({ lines }) => lines);
    expect(acknowledged.length).toBeGreaterThanOrEqual(100);
    expect(acknowledged.filter((number) => !rows.includes(number))).toEqual([]);
  });

  it("wake who waits long before the next look", async () => {
    const toucher = start("touch");
    await toucher.printed(1);
    const { signal } = new AbortController();
    // One wait that goes on keeps the connection that listens.
    const kept = store.watch("used", "other", 0, signal);
    await sleep(100);
    const delays: number[] = [];
    for (let version = 0; version < 15; version += 1) {
      const watched = store.watch("used", "bell", version, signal).then(() => Date.now());
      await sleep(20);
      toucher.child.stdin.write("\n");
      const wokenAt = await watched;
      delays.push(Math.max(0, wokenAt - Number(await toucher.printed(version + 2))));
    }
    await store.commit([{ kind: "used", id: "other", expect: 0, body: 1 }]);
    await kept;
    const median = delays.toSorted((one, other) => one - other)[7] ?? Number.NaN;
    console.info(`Woken by another process after ${median} ms (median of ${delays.join(", ")})`);
    expect(median).toBeLessThan(10);
  });

  it("I2: run a held call once when another process says yes, and the log verifies", async () => {
    const state = mkdtempSync(join(tmpdir(), "leashkit-postgres-keys-"));
    const leash = await createLeash({ policy: scriptedPolicy(() => "approve"), store, state, notify: [] });
    leash.register({ id: "send_money" });
    let runs = 0;
    const approver = start("approve", state);
    await approver.printed(1);
    const call = { tool: "send_money", input: { amount: 1 }, scope: "thread", callId: "call-1" };
    const outcome = await leash.guard(call, () => ((runs += 1), "sent"));
    const delay = Date.now() - Number(await approver.printed(2));
    console.info(`A held call ended ${delay} ms after the yes of another process`);
    expect([outcome, runs]).toEqual(["sent", 1]);
    expect(delay).toBeLessThan(900);
    expect(await leash.guard(call, () => ((runs += 1), "sent again"))).toBe("sent");
    expect(runs).toBe(1);
    expect(await leash.verifyLog()).toMatchObject({ ok: true, firstBad: null });
    await leash.close();
    rmSync(state, { recursive: true, force: true });
  });

  it.skipIf(server?.isOurs !== true)("are what the example shows", async () => {
    const state = mkdtempSync(join(tmpdir(), "leashkit-postgres-keys-"));
    const folder = fileURLToPath(new URL("../../examples/postgres", import.meta.url));
    const run = async (program: "agent" | "answer"): Promise<string> => {
      const child = spawn(process.execPath, [programs[`examples/postgres/${program}.ts`]], {
        cwd: folder,
        env: { ...process.env, DATABASE_URL: connectionString, LEASH_STATE: state },
      });
      children.push(child);
      child.stderr.pipe(process.stderr);
      let output = "";
      child.stdout.on("data", (text: Buffer) => (output += text.toString()));
      await once(child, "close");
      return output;
    };
    expect(await Promise.all([run("agent"), run("answer")])).toEqual([
      'refunded {"amount_minor":9000,"order":"A-17"}\n',
      'approved {"amount_minor":9000,"order":"A-17"}\n',
    ]);
    rmSync(state, { recursive: true, force: true });
  });
});
