import { describe, expect, it } from "vitest";
import { ROOT } from "../house/workspace.ts";
import { type Ended, runProcess } from "../process.ts";

const PROGRAM = ["--conditions=leashkit:source", "--import", "tsx", "test/torture/run.ts"];

function kill(...words: readonly string[]): Promise<Ended> {
  const all = [...PROGRAM, "kill", "--check", ...words];
  return runProcess(process.execPath, all, { cwd: ROOT, timeoutMs: 60_000 });
}

describe.concurrent("a checked run of processes that are killed", () => {
  it("fails when it missed a target, also when a server of PostgreSQL ran in its process", async () => {
    // A second is too short for so many.
    const { code, stdout } = await kill("--store", "postgres", "--iterations", "1000", "--budget", "1");
    expect(stdout).toMatch(/iterations over postgres .* MISSED$/mu);
    expect(code).toBe(1);
  }, 90_000);

  it("passes when it met its targets, and says which of the stores it was over", async () => {
    const { code, stderr, stdout } = await kill("--store", "sqlite", "--iterations", "2");
    expect(stdout).toMatch(/iterations over sqlite .* met$/mu);
    expect([code, stderr]).toEqual([0, ""]);
  }, 90_000);

  it("refuses a store that there is not", async () => {
    const { code, stderr } = await kill("--store", "mysql");
    expect([code, stderr.trim()]).toEqual([2, "--store takes sqlite or postgres; without it all of them are played."]);
  }, 90_000);
});
