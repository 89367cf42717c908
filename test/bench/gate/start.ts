import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Report, RunOptions } from "../../report.ts";
import { withProgram } from "../../setup/compile.ts";
import { medianOf, type Samples } from "./sample.ts";

/** How long a call waits for its leave, beside what nobody can do without: one signature, one flush to the disk. */
export async function start(options: RunOptions, report: Report): Promise<void> {
  const found = await withProgram("test/bench/gate/start-worker.ts", async (program): Promise<Samples> => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, String(options.budgetMs / 3)]);
    return new Map(JSON.parse(stdout) as [string, { median: number; p25: number; p75: number }][]);
  });
  report.table(
    "From the proposal to the tool's start, one at a time, in microseconds",
    [...found].map(([what, { median, p25, p75 }]) => ({
      what,
      median: micro(median),
      p25: micro(p25),
      p75: micro(p75),
    })),
  );
  const [gate, signing] = [medianOf(found, "gate, memory"), medianOf(found, "one Ed25519 signature")];
  const flushes = (medianOf(found, "gate, durable") - gate) / medianOf(found, "one fsync");
  report.target({ name: "gate / signature", value: gate / signing, mustBe: "at most", limit: 1.5, unit: "times" });
  report.target({
    name: "(durable - gate) / fsync",
    value: flushes,
    mustBe: "at most",
    limit: 1.5,
    unit: "times",
  });
}

function micro(nanoseconds: number): number {
  return Math.round(nanoseconds / 10) / 100;
}
