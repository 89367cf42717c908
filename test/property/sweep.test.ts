import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { memoryStore, sqliteStore, type Store } from "@leashkit/core";
import type { FakeClock } from "@leashkit/core/testing";
import { postgresStore } from "@leashkit/postgres";
import { afterAll, describe, expect, inject, it } from "vitest";
import { freshSchema, sharedServer } from "../../packages/postgres/server.fixture.ts";
import { openWorld, rowsIn, type Step, steps, sweepTwice, take, visibleIn } from "./sweeping.ts";

const server = sharedServer(inject("postgres"));
if (server === undefined) console.info("Skipped for want of a server: sweeps over PostgreSQL");
const folder = mkdtempSync(join(tmpdir(), "leashkit-sweeps-"));
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const connectionString = server?.connectionString ?? "";

interface Kind {
  readonly name: string;
  readonly runs: number;
  readonly open: (clock: FakeClock) => Promise<Store>;
}

const KINDS: readonly Kind[] = [
  { name: "memory", runs: 25, open: async (clock) => memoryStore({ clock }) },
  { name: "SQLite", runs: 12, open: (clock) => sqliteStore({ clock, file: join(folder, `${(files += 1)}.db`) }) },
  ...(server === undefined
    ? []
    : [
        {
          name: "PostgreSQL",
          runs: 6,
          open: (clock: FakeClock) => postgresStore({ clock, connectionString, schema: freshSchema() }),
        },
      ]),
];

/** Takes the steps with and without sweeps between them, and compares all that can be seen on the way. */
async function compare({ open }: Kind, list: readonly Step[]): Promise<void> {
  const [swept, kept] = [await openWorld(open), await openWorld(open)];
  for (const step of list) {
    await sweepTwice(swept);
    expect(await take(swept, step)).toEqual(await take(kept, step));
  }
  await sweepTwice(swept);
  expect(await visibleIn(swept)).toEqual(await visibleIn(kept));
  const ids = (await rowsIn(kept)).map(({ kind, id }) => `${kind} ${id}`);
  const left = (await rowsIn(swept)).map(({ kind, id }) => `${kind} ${id}`);
  expect(ids).toEqual(expect.arrayContaining(left));
  for (const { leash, store } of [swept, kept]) {
    await leash.close();
    await store.close();
  }
}

describe.each(KINDS)("sweeps of a $name store", (kind) => {
  it("I7: change nothing that can be seen, whatever happens between them", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(steps, (list) => compare(kind, list)),
      { numRuns: kind.runs },
    );
  });

  it("leave nothing of what is over but what a paused run goes on by", async () => {
    const world = await openWorld(kind.open);
    const mail = (number: number, pauses: boolean): Step => ({ kind: "mail", number, pauses });
    const advance = (hours: number): Step => ({ kind: "advance", hours });
    const buy: Step = { kind: "buy", number: 1, amount: 60, fails: false };
    await take(world, buy);
    for (const number of [1, 2]) {
      await take(world, mail(number * 10, false));
      await take(world, { kind: "permit" });
      // Begins under the standing yes, and pauses; the second ends.
      await take(world, mail(number * 10 + 1, number === 1));
      await take(world, advance(30));
    }
    await take(world, mail(30, false));
    await take(world, { kind: "deny" });
    expect((await rowsIn(world)).map(({ kind: each }) => each)).toEqual(
      expect.arrayContaining(["denial", "allowance", "counter"]),
    );
    await take(world, advance(24 * 40));
    await sweepTwice(world);
    const left = await rowsIn(world);
    expect(left.map(({ kind: each }) => each)).toEqual(["allowance"]);
    expect(await take(world, mail(11, false))).toEqual({ kind: "result", result: "sent" });
    await sweepTwice(world);
    // This process lives.
    expect((await rowsIn(world)).map(({ kind: each }) => each)).toEqual(["instance"]);
    expect(await take(world, buy)).toEqual({ kind: "result", result: "bought" });
    await world.leash.close();
    await world.store.close();
  });
});
