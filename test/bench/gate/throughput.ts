import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash, sqliteStore, type Leash, type Store } from "@leashkit/core";
import { seededRandom } from "@leashkit/core/testing";
import type { Report, RunOptions } from "../../report.ts";
import { measure, ratio, shuffled, type Candidate, type Measured } from "../measure.ts";
import { CALL, POLICY } from "./call.ts";

const IN_FLIGHT = 64;

/** What a tool does here: next to nothing, so that the gate is what is measured. */
const tool = (): string => "booked";

async function repeat(calls: number, once: () => Promise<unknown>): Promise<void> {
  for (let call = 0; call < calls; call += 1) await once();
}

async function repeatInFlight(calls: number, once: () => Promise<unknown>): Promise<void> {
  for (let call = 0; call < calls; call += IN_FLIGHT) await Promise.all(Array.from({ length: IN_FLIGHT }, once));
}

function candidates(memory: Leash, durable: Leash, floor: Store): readonly Candidate[] {
  const guard = (leash: Leash) => () => leash.guard(CALL, tool);
  let row = 0;
  const commit = (): Promise<unknown> =>
    floor.commit([{ kind: "journal", id: String((row += 1)), expect: 0, body: { ...CALL.input } }]);
  return [
    { name: "decide", calls: 500, run: (calls) => repeat(calls, () => memory.decide(CALL)) },
    { name: "guard, memory", calls: 200, run: (calls) => repeat(calls, guard(memory)) },
    { name: "one durable commit", calls: 100, run: (calls) => repeat(calls, commit) },
    { name: "guard, durable, one at a time", calls: 50, run: (calls) => repeat(calls, guard(durable)) },
    { name: `durable commits, ${IN_FLIGHT} in flight`, calls: 640, run: (calls) => repeatInFlight(calls, commit) },
    {
      name: `guard, durable, ${IN_FLIGHT} in flight`,
      calls: 640,
      run: (calls) => repeatInFlight(calls, guard(durable)),
    },
  ];
}

/**
 * What the whole path costs for an allowed call: sealed, decided, proof signed, journal and log written, run, outcome written.
 * The durable ones flush to disk twice for each call, before the run and after it, or share those flushes.
 */
export async function throughput(options: RunOptions, report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "leashkit-bench-"));
  const memory = await createLeash({ policy: { text: POLICY }, store: "memory", notify: [] });
  const durable = await createLeash({ policy: { text: POLICY }, state: join(folder, "state"), notify: [] });
  const floor = await sqliteStore({ file: join(folder, "floor", "store.db") });
  try {
    for (const leash of [memory, durable]) leash.register({ id: CALL.tool });
    const { effect } = await memory.decide(CALL);
    if (effect !== "allow") throw new Error(`The measured call must be allowed; the policy says ${effect}.`);
    const random = seededRandom(options.seed);
    const measured = await measure(candidates(memory, durable, floor), {
      budgetMs: options.budgetMs,
      shuffle: (list) => shuffled(list, random),
    });
    print(measured, report);
  } finally {
    await Promise.all([memory.close(), durable.close(), floor.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

function print(measured: readonly Measured[], report: Report): void {
  const inMicroseconds = (nanoseconds: number): number => Math.round(nanoseconds / 10) / 100;
  report.table(
    "One allowed call, in microseconds",
    measured.map(({ name, rounds, median, p25, p75 }) => ({
      what: name,
      median: inMicroseconds(median),
      p25: inMicroseconds(p25),
      p75: inMicroseconds(p75),
      rounds,
    })),
  );
  const alone = ratio(measured, "guard, durable, one at a time", "one durable commit");
  const together = ratio(measured, `guard, durable, ${IN_FLIGHT} in flight`, "guard, durable, one at a time");
  report.target({ name: "guard alone / durable commit", value: alone, mustBe: "at most", limit: 4, unit: "times" });
  report.target({
    name: "guard in flight / guard alone",
    value: together,
    mustBe: "at most",
    limit: 0.5,
    unit: "times",
  });
}
