import { expect, inject, it } from "vitest";
import { race } from "./race.ts";

it("A-S12: forty approvals, two processes that run them and both click, are forty executions (short run)", async () => {
  const result = await race({ calls: 40, worker: inject("children")["test/torture/race-worker.ts"] });
  expect(result.violations).toEqual([]);
  expect(result.executions).toBe(40);
}, 90_000);
