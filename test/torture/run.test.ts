import { expect, it } from "vitest";
import { ROOT } from "../house/workspace.ts";
import { runProcess } from "../process.ts";

it("a run that missed a target fails its check, also when a server of PostgreSQL ran in its process", async () => {
  const program = ["--conditions=leashkit:source", "--import", "tsx", "test/torture/run.ts"];
  // A second is too short for so many.
  const words = ["kill", "--store", "postgres", "--iterations", "1000", "--budget", "1", "--check"];
  const ended = await runProcess(process.execPath, [...program, ...words], { cwd: ROOT, timeoutMs: 60_000 });
  expect(ended.stdout).toMatch(/iterations over postgres .* MISSED$/mu);
  expect(ended.code).toBe(1);
}, 90_000);
