import { expect, inject, it } from "vitest";
import { spendCap } from "./cap.ts";

it("A-A7, I7: a hundred calls of four processes under one cap spend exactly the cap (short run)", async () => {
  const worker = inject("children")["test/torture/cap-worker.ts"];
  const { spent, violations } = await spendCap({ processes: 4, calls: 25, cap: 255, worker });
  expect(violations).toEqual([]);
  expect(spent).toBe(250);
}, 90_000);
