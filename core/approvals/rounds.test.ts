import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { Approval } from "../model/approval.ts";
import type { ApprovalTerms } from "../model/decision.ts";
import type { Leash } from "../model/leash.ts";
import { fakeClock } from "../testing/clock.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";
import { card } from "./display.ts";

const leashes: Leash[] = [];
afterEach(async () => {
  for (const leash of leashes.splice(0)) await leash.close();
});

async function watched(terms: Partial<ApprovalTerms>, options: Partial<LeashOptions> = {}) {
  const told: Approval[] = [];
  const leash = await createLeash({
    policy: scriptedPolicy(() => ({ effect: "approve", terms })),
    store: "memory",
    notify: (approval) => void told.push(approval),
    ...options,
  });
  leashes.push(leash);
  leash.register({ id: "buy" });
  const call = { tool: "buy", input: {}, callId: "call-1", scope: "thread-1" };
  const ask = (pause: "hold" | "suspend" = "suspend") => leash.guard(call, () => "ran", { pause }).catch(String);
  const escalations = async () => {
    const lines: string[] = [];
    for await (const line of leash.exportLog()) if (line.includes('"approval.escalated"')) lines.push(line);
    return lines.length;
  };
  return { leash, told, ask, escalations };
}

/** Longer than the longest time between two looks. */
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 700));

describe("a question that nobody answers", () => {
  it.each(["hold", "suspend"] as const)("is told again once, marked, when its time has come: %s", async (pause) => {
    const clock = fakeClock();
    const { leash, told, ask, escalations } = await watched({ escalateAfterMs: 60_000 }, { clock });
    const asked = ask(pause);
    await expect.poll(() => told.length).toBe(1);
    clock.advance(59_999);
    await rest();
    expect(told).toHaveLength(1);
    clock.advance(1);
    await expect.poll(() => told.length, { timeout: 5_000 }).toBe(2);
    expect(told[1]).toMatchObject({ id: told[0]?.id, status: "pending", escalatedAt: clock.now() });
    expect(told[0]?.escalatedAt).toBeUndefined();
    expect(card(told[1] ?? expect.fail(), { now: clock.now() })).toContain("escalated     nobody had answered by 2026");
    clock.advance(600_000);
    await rest();
    expect(told).toHaveLength(2);
    expect(await escalations()).toBe(1);
    await leash.desk({ id: "ann" }).approve(told[0]?.id ?? "");
    await asked;
  });

  it("is told again by one of several processes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "leashkit-escalate-"));
    try {
      const options = { state: folder, store: "sqlite" } as const;
      const sides = [await watched({ escalateAfterMs: 50 }, options), await watched({ escalateAfterMs: 50 }, options)];
      await Promise.all(sides.map(({ ask }) => ask()));
      const all = () => sides.flatMap(({ told }) => told);
      await expect
        .poll(() => all().filter(({ escalatedAt }) => escalatedAt !== undefined).length, { timeout: 5_000 })
        .toBe(1);
      await rest();
      expect(all()).toHaveLength(3);
      expect(await sides[0]?.escalations()).toBe(1);
      for (const leash of leashes.splice(0)) await leash.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each(["approve", "deny"] as const)("is not told again after a %s", async (verb) => {
    const { leash, told, ask, escalations } = await watched({ escalateAfterMs: 50 });
    await ask();
    await leash.desk({ id: "ann" })[verb](told[0]?.id ?? "");
    await rest();
    expect(told).toHaveLength(1);
    expect(await escalations()).toBe(0);
  });

  it("is told again while it lacks a vote, and keeps the votes that it has", async () => {
    const { leash, told, ask } = await watched({ escalateAfterMs: 50, quorum: 2 });
    await ask();
    await leash.desk({ id: "ann" }).approve(told[0]?.id ?? "");
    await expect.poll(() => told.length, { timeout: 5_000 }).toBe(2);
    expect(told[1]?.verdicts).toMatchObject([{ approver: "ann" }]);
    expect(await leash.desk({ id: "bob" }).approve(told[0]?.id ?? "")).toMatchObject({ status: "approved" });
  });

  it("is not told again after its end", async () => {
    const clock = fakeClock();
    const { told, ask, escalations } = await watched({ escalateAfterMs: 60_000, expiresInMs: 60_000 }, { clock });
    await ask();
    await expect.poll(() => told.length).toBe(1);
    clock.advance(60_000);
    await rest();
    expect(told).toHaveLength(1);
    expect(await escalations()).toBe(0);
  });

  it("A-S13: whose notifications are all lost is still in the list, is sent again, and ends as a denial", async () => {
    const clock = fakeClock();
    let lost = 0;
    const notify = (): never => {
      lost += 1;
      throw new Error("the line is dead");
    };
    const { leash, ask } = await watched({ escalateAfterMs: 10_000, expiresInMs: 60_000 }, { clock, notify });
    const held = ask("hold");
    await expect.poll(() => lost).toBe(1);
    expect(await leash.desk({ id: "ann" }).pending()).toHaveLength(1);
    clock.advance(10_000);
    await expect.poll(() => lost, { timeout: 5_000 }).toBe(2);
    expect(await leash.desk({ id: "ann" }).pending()).toHaveLength(1);
    clock.advance(50_000);
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    expect(await ask()).toContain("expired");
    await held;
  });
});
