import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createLeash, type Leash, openDesk } from "@leashkit/core";
import type { Report, RunOptions } from "../../report.ts";
import { ASKING_POLICY } from "./call.ts";
import { withProgram } from "../../setup/compile.ts";
import { medianOf, sample } from "./sample.ts";

const PENDING = 10_000;

type Answer = (id: string) => Promise<unknown>;

/** Nanoseconds from the moment in which the yes is durable to the held tool's start. */
function wake(leash: Leash, answer: Answer): () => Promise<number> {
  let call = 0;
  return async () => {
    let started = 0n;
    const held = leash.guard(
      { tool: "refund", input: { call: (call += 1) } },
      () => void (started = process.hrtime.bigint()),
    );
    const desk = leash.desk({ id: "ann" });
    let [approval] = await desk.pending();
    while (approval === undefined) {
      // The embedded store answers at once: without a pause nothing else would ever run.
      await new Promise((resolve) => setTimeout(resolve, 1));
      [approval] = await desk.pending();
    }
    // The wait itself has begun by then.
    await new Promise((resolve) => setTimeout(resolve, 5));
    await answer(approval.id);
    const settled = process.hrtime.bigint();
    await held;
    return Number(started - settled);
  };
}

/** How soon a held call goes on after a yes, and what ten thousand of them cost. */
export async function holds(options: RunOptions, report: Report): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "leashkit-bench-"));
  const leash = await createLeash({ policy: { text: ASKING_POLICY }, state, notify: [] });
  // A store and a doorbell of its own, as another process has them.
  const other = await openDesk({ state, approver: { id: "bob" } });
  try {
    leash.register({ id: "refund" });
    const here = wake(leash, (id) => leash.desk({ id: "ann" }).approve(id));
    const there = wake(leash, (id) => other.desk.approve(id));
    const found = await sample(
      [
        { name: "answered in this process", once: here },
        { name: "answered over another store on the same file", once: there },
      ],
      { rounds: 8, samples: 5, budgetMs: options.budgetMs / 6 },
    );
    report.table(
      "From a durable yes to the held tool's start, in milliseconds",
      [...found].map(([what, { median, p75 }]) => ({ what, median: milli(median), p75: milli(p75) })),
    );
    const [near, far] = [...found.keys()].map((name) => medianOf(found, name) / 1e6);
    report.target({
      name: "woken in this process",
      value: near ?? Number.NaN,
      mustBe: "at most",
      limit: 2,
      unit: "ms",
    });
    report.target({ name: "woken over the file", value: far ?? Number.NaN, mustBe: "at most", limit: 50, unit: "ms" });
    await many(report);
  } finally {
    await other.close();
    await leash.close();
    rmSync(state, { recursive: true, force: true });
  }
}

/** What ten thousand held calls cost the process that holds them. */
async function many(report: Report): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "leashkit-bench-"));
  try {
    const { bytes, listed, listedMs, openedMs } = await withProgram(
      "test/bench/gate/held-worker.ts",
      async (program) => {
        const { stdout } = await promisify(execFile)(process.execPath, [program, state, String(PENDING)]);
        return JSON.parse(stdout) as Readonly<Record<"bytes" | "listed" | "listedMs" | "openedMs", number>>;
      },
    );
    if (listed !== PENDING) throw new Error(`Of ${PENDING} calls ${listed} are held.`);
    report.table("Ten thousand held calls", [
      {
        pending: PENDING,
        "opened, s": milli(openedMs * 1e3),
        "listed, ms": Math.round(listedMs),
        "bytes each": Math.round(bytes),
      },
    ]);
    report.target({ name: "memory of a held call", value: bytes / 1_024, mustBe: "at most", limit: 8, unit: "KiB" });
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

function milli(nanoseconds: number): number {
  return Math.round(nanoseconds / 1e4) / 100;
}
