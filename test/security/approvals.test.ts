import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLeash, isLeashError, LeashPending, type Leash } from "@leashkit/core";
import { countingShop, fakeClock, scriptedPolicy } from "@leashkit/core/testing";
import { durable, logOf, onlyPending, testLeash } from "../support/leash.ts";

async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (isLeashError(error)) return error.code;
    throw error;
  }
}

/** Proposes without waiting and gives what the agent is told. */
async function pendingOf(leash: Leash, call: Parameters<Leash["guard"]>[0]): Promise<LeashPending> {
  const told: unknown = await leash.guard(call, () => "ran", { pause: "defer" }).catch((error: unknown) => error);
  if (told instanceof LeashPending) return told;
  throw new Error("the call does not wait for a person", { cause: told });
}

describe("one yes, many hands", () => {
  it("A-A3: fifty who use one approval at once run it once in all", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const { ref } = await pendingOf(leash, durable("call-1", { amount: 60 }));
    await leash.desk({ id: "ann" }).approve(ref);
    const uses = Array.from({ length: 50 }, (_, index) =>
      outcomeOf(
        index % 2 === 0 ? leash.collect(ref, shop.buy) : leash.guard(durable("call-1", { amount: 60 }), shop.buy),
      ),
    );
    expect(await Promise.all(uses)).toEqual(uses.map(() => ({ order: 1 })));
    expect(shop.orders).toHaveLength(1);
  });

  it("A-A3: a permit runs once, also when fifty use it at once", async () => {
    const { leash, shop } = await testLeash(() => "allow");
    const permit = await leash.authorize(durable("call-1", {}));
    const uses = await Promise.all(Array.from({ length: 50 }, () => outcomeOf(permit.run(shop.buy))));
    expect(uses.filter((use) => use !== "LEASH_DENIED")).toEqual([{ order: 1 }]);
    expect(shop.orders).toHaveLength(1);
  });

  it("A-A3: a used approval gives nothing to another call with the same arguments", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const { ref } = await pendingOf(leash, durable("call-1", { amount: 60 }));
    await leash.desk({ id: "ann" }).approve(ref);
    await leash.guard(durable("call-1", { amount: 60 }), shop.buy);
    expect(await outcomeOf(leash.guard(durable("call-2", { amount: 60 }), shop.buy, { pause: "defer" }))).toBe(
      "LEASH_PENDING",
    );
    expect(await outcomeOf(leash.desk({ id: "ann" }).approve(ref))).toBe("LEASH_CONFIG_INVALID");
    expect(shop.orders).toHaveLength(1);
  });
});

describe("a late click", () => {
  const EXPIRES_IN_MS = 60_000;

  it.each([
    [-1, "approved"],
    [0, "LEASH_EXPIRED"],
    [1, "LEASH_EXPIRED"],
  ])("A-H13: a yes %i ms from the end of the time is answered with %s", async (offset, expected) => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(() => ({ effect: "approve", terms: { expiresInMs: EXPIRES_IN_MS } }), {
      clock,
    });
    const { approvalId, expiresAt } = await pendingOf(leash, durable("call-1", {}));
    clock.set(expiresAt + offset);
    const answer = await outcomeOf(leash.desk({ id: "ann" }).approve(approvalId));
    expect(typeof answer === "string" ? answer : Reflect.get(Object(answer), "status")).toBe(expected);
    const use = await outcomeOf(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }));
    expect(use).toEqual(expected === "approved" ? { order: 1 } : "LEASH_EXPIRED");
    expect(shop.orders).toHaveLength(expected === "approved" ? 1 : 0);
  });

  it.each([
    [-1, { order: 1 }, 1],
    [0, "LEASH_EXPIRED", 0],
    [1, "LEASH_EXPIRED", 0],
  ])("A-H13: a yes is used %i ms from the end of its use: %j", async (offset, expected, runs) => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(() => ({ effect: "approve", terms: { useWithinMs: 20_000 } }), { clock });
    const { approvalId } = await pendingOf(leash, durable("call-1", {}));
    await leash.desk({ id: "ann" }).approve(approvalId);
    clock.advance(20_000 + offset);
    expect(await outcomeOf(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }))).toEqual(expected);
    expect(shop.orders).toHaveLength(runs);
  });

  it("A-H13: a yes whose time runs out while it is signed is late, never dated behind the end", async () => {
    const answers = new Set<string>();
    for (let early = 1; early <= 8; early += 1) {
      const clock = fakeClock();
      let moving = false;
      const moves = (): number => {
        if (moving) clock.advance(1);
        return clock.now();
      };
      const answer = { effect: "approve", terms: { expiresInMs: EXPIRES_IN_MS } } as const;
      const { leash } = await testLeash(() => answer, { clock: { now: moves } });
      const { approvalId, expiresAt } = await pendingOf(leash, durable("call-1", {}));
      clock.set(expiresAt - early);
      moving = true;
      const given = await outcomeOf(leash.desk({ id: "ann" }).approve(approvalId));
      answers.add(typeof given === "string" ? given : "approved");
      if (typeof given === "object") expect(Reflect.get(Object(given), "settledAt")).toBeLessThan(expiresAt);
    }
    expect(answers).toEqual(new Set(["LEASH_EXPIRED", "approved"]));
  });

  it.each(["deny", "approve"] as const)("A-H13: a click after a %s changes nothing and says so", async (first) => {
    const { leash } = await testLeash(() => "approve");
    const { approvalId } = await pendingOf(leash, durable("call-1", {}));
    const desk = leash.desk({ id: "ann" });
    const settled = await desk[first](approvalId);
    const lines = (await logOf(leash)).length;
    for (const verdict of ["approve", "deny"] as const) {
      expect(await outcomeOf(leash.desk({ id: "eve" })[verdict](approvalId))).toBe("LEASH_DENIED");
    }
    expect(await desk.get(approvalId)).toEqual(settled);
    expect((await logOf(leash)).length).toBe(lines);
  });
});

describe("a clock that cannot be trusted", () => {
  const HOUR_MS = 3_600_000;

  it("A-S9: setting the clock back gives an approval no second life", async () => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(() => ({ effect: "approve", terms: { expiresInMs: 60_000 } }), { clock });
    const { approvalId, expiresAt } = await pendingOf(leash, durable("call-1", {}));
    clock.set(expiresAt);
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    clock.set(expiresAt - HOUR_MS);
    expect(await outcomeOf(leash.desk({ id: "ann" }).approve(approvalId))).toBe("LEASH_EXPIRED");
    expect(await outcomeOf(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }))).toBe("LEASH_EXPIRED");
    expect(shop.orders).toHaveLength(0);
  });

  it("A-S9: setting the clock forward ends what waits, and nothing runs", async () => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(() => "approve", { clock });
    const { approvalId } = await pendingOf(leash, durable("call-1", {}));
    await leash.desk({ id: "ann" }).approve(approvalId);
    clock.advance(HOUR_MS);
    expect(await outcomeOf(leash.guard(durable("call-1", {}), shop.buy))).toBe("LEASH_EXPIRED");
    expect(shop.orders).toHaveLength(0);
    expect(await leash.verifyLog()).toMatchObject({ ok: true });
  });

  it("A-S9: the log's times never run backwards, whatever the clock does", async () => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(() => "allow", { clock });
    for (const jump of [0, -HOUR_MS, HOUR_MS, -2 * HOUR_MS]) {
      clock.set(clock.now() + jump);
      await leash.guard({ tool: "buy", input: {} }, shop.buy);
    }
    const times = (await logOf(leash)).map(({ ts }) => String(ts));
    expect(times.length).toBeGreaterThan(8);
    expect(times.toSorted()).toEqual(times);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, "garbage"])(
    "A-S9: with %s for a time nothing runs",
    async (time) => {
      let now: unknown = Date.UTC(2026, 0, 1);
      const { leash, shop } = await testLeash(() => "allow", { clock: { now: () => now as number } });
      now = time;
      expect(await outcomeOf(leash.guard({ tool: "buy", input: {} }, shop.buy))).toMatch(/^LEASH_/);
      expect(shop.orders).toHaveLength(0);
    },
  );
});

describe("two processes' worth of leashes on one file", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "leashkit-race-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("A-S12: fifty approvals, both sides waiting and both clicking, are fifty executions", async () => {
    const shop = countingShop();
    const open = async (): Promise<Leash> => {
      const leash = await createLeash({ policy: scriptedPolicy(() => "approve"), state: folder, notify: [] });
      leash.register({ id: "buy" });
      return leash;
    };
    const [one, two] = [await open(), await open()];
    const running = Array.from({ length: 50 }, (_, index) =>
      [one, two].map((leash) => outcomeOf(leash.guard(durable(`call-${index}`, { index }), shop.buy))),
    ).flat();
    await expect.poll(async () => (await one.desk({ id: "ann" }).pending()).length, { timeout: 20_000 }).toBe(50);
    const waiting = await one.desk({ id: "ann" }).pending();
    const clicks = waiting.flatMap(({ id }) =>
      [one, two].map((leash, who) => outcomeOf(leash.desk({ id: `person-${who}` }).approve(id))),
    );
    const answers = await Promise.all(clicks);
    expect(answers.filter((answer) => typeof answer === "object")).toHaveLength(50);
    expect(answers.filter((answer) => answer === "LEASH_DENIED")).toHaveLength(50);
    expect((await Promise.all(running)).every((result) => typeof result === "object")).toBe(true);
    const executed = shop.orders.map((order) => Number(Reflect.get(Object(order.input), "index")));
    expect(executed.toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 50 }).keys()]);
    expect(await one.verifyLog()).toMatchObject({ ok: true });
    await Promise.all([one.close(), two.close()]);
  });

  it("A-S12: a leash and a desk opened apart from it meet in the file", async () => {
    const leash = await createLeash({ policy: scriptedPolicy(() => "approve"), state: folder, notify: [] });
    const answering = await createLeash({ policy: scriptedPolicy(() => "deny"), state: folder, notify: [] });
    leash.register({ id: "buy" });
    const shop = countingShop();
    const running = leash.guard(durable("call-1", {}), shop.buy);
    await answering.desk({ id: "ann" }).approve(await onlyPending(answering));
    expect(await running).toEqual({ order: 1 });
    await Promise.all([leash.close(), answering.close()]);
  });
});
