import { expect, inject, it } from "vitest";
import { killLoop } from "./kill-loop.ts";

it("I2: processes killed at random points never execute a call twice, unasked or unrecorded (short run, seed 20)", async () => {
  const worker = [inject("children")["test/torture/kill-worker.ts"]];
  const result = await killLoop({ iterations: 20, seed: 20, deadline: Date.now() + 60_000, worker });
  expect(result.violations).toEqual([]);
  expect(result.iterations).toBe(20);
  expect(result.killed).toBeGreaterThanOrEqual(5);
  expect(result.effects).toBeGreaterThanOrEqual(5);
}, 90_000);
