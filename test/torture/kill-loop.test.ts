import { afterAll, assert, describe, expect, inject, it } from "vitest";
import { sharedServer } from "../../packages/postgres/server.fixture.ts";
import { killLoop } from "./kill-loop.ts";
import { openBattlefields, STORE_NAMES } from "./kill-stores.ts";

/** Has three processes die right after an effect whose call the next one takes up again, and every other way to die. */
const SEED = 341;

const server = async () => sharedServer(inject("postgres"));
const stores = await Promise.all(
  STORE_NAMES.map(async (name) => ({ name, over: await openBattlefields(name, server) })),
);
const worker = inject("children")["test/torture/kill-worker.ts"];

afterAll(async () => {
  for (const { over } of stores) await over?.close();
});

describe.concurrent.each(stores)("over $name", ({ name, over }) => {
  if (over === undefined) console.info(`Skipped for want of a server: processes killed over ${name}`);

  it.skipIf(over === undefined)(
    `I2, A-S1, A-S2, B-H12: processes killed at random points never execute a call twice, unasked or unrecorded (short run, seed ${SEED})`,
    async () => {
      assert(over !== undefined);
      const result = await killLoop({ over, iterations: 12, seed: SEED, deadline: Date.now() + 60_000, worker });
      expect(result.violations).toEqual([]);
      expect(result.iterations).toBe(12);
      expect(result.killed).toBeGreaterThanOrEqual(5);
      expect(result.effects).toBeGreaterThanOrEqual(5);
    },
    90_000,
  );
});
