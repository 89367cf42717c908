import { randomBytes } from "node:crypto";
import {
  createLeash,
  type Leash,
  memoryKeyRing,
  loadPolicy,
  readLog,
  readRun,
  redrive,
  replay,
  type Store,
} from "@leashkit/core";
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { postgresStore } from "./index.ts";
import { freshSchema, sharedServer } from "./server.fixture.ts";

const server = sharedServer(inject("postgres"));
if (server === undefined) console.info("Skipped for want of a server: recordings and the log over PostgreSQL");

const opened: { close(): Promise<void> }[] = [];
let store: Store;

beforeEach(async () => {
  if (server === undefined) return;
  store = await postgresStore({ connectionString: server.connectionString, schema: freshSchema() });
  opened.push(store);
});
afterEach(async () => {
  // The leashes first, and then what they write to.
  for (const one of opened.splice(0).toReversed()) await one.close();
});
afterAll(() => server?.stop());

const keys = memoryKeyRing({ clock: { now: () => Date.now() }, random: randomBytes });

const RULES =
  "leash: 1\ntools: { pay: { redact: [input.card, output.token] } }\nrules:\n" +
  "  - { id: small, action: pay, when: input.amount < 100, effect: allow }\n  - { id: ask, action: pay, effect: approve }\n" +
  "limits: [{ id: daily, action: pay, sum: input.amount, window: 24h, max: 400 }]\n";

async function open(): Promise<Leash> {
  const leash = await createLeash({ policy: { text: RULES }, store, keys, notify: [] });
  leash.register({ id: "pay" });
  opened.push(leash);
  return leash;
}

const SECRET = "4111-PLANTED";
const pay = (leash: Leash, amount: number, callId: string) =>
  leash.attempt(
    { tool: "pay", input: { amount, card: SECRET }, scope: "run", callId, session: "s1" },
    () => ({ token: SECRET, paid: amount }),
    { pause: "defer" },
  );

/** Three calls over two leashes: one runs, one is beyond the limit, one runs on a person's yes. */
async function calls(): Promise<void> {
  const [one, other] = [await open(), await open()];
  expect((await pay(one, 50, "1")).kind).toBe("result");
  expect((await pay(other, 500, "2")).kind).toBe("refused");
  expect((await pay(one, 200, "3")).kind).toBe("pending");
  const desk = other.desk({ id: "ann" });
  await desk.approve((await desk.pending())[0]?.id ?? "");
  expect((await pay(other, 200, "3")).kind).toBe("result");
}

describe.skipIf(server === undefined)("over PostgreSQL", () => {
  it("calls of several machines are decided again from what was recorded, and by another policy", async () => {
    await calls();
    // Two decisions about the call that asked: the one that did, and the one that let it run.
    expect(await replay({ store, strict: true }).summary()).toMatchObject({ decisions: 4, same: 4, tampered: 0 });
    const policy = await loadPolicy(RULES.replace("max: 400", "max: 220"));
    const { flips } = await replay({ store, policy }).summary();
    expect(flips.map(({ flip, now }) => [flip, now.reasonCode])).toEqual([1, 2].map(() => ["ask_to_deny", "limit"]));
    const rows = await store.list("recording", { limit: 100 });
    expect(rows.length).toBe(6);
    expect(JSON.stringify(rows)).not.toContain(SECRET);
  });

  it("a run is followed under another policy, and the log is read in the order of time over all machines", async () => {
    await calls();
    const run = await readRun({ store, session: "s1" });
    expect(run.calls.map(({ answer }) => answer.kind)).toEqual(["not_recorded", "refused", "not_recorded"]);
    const { divergence } = await redrive(run, { store, policy: await loadPolicy(RULES) });
    expect(divergence?.why).toBe("not_recorded");
    const lines: { readonly ts: string; readonly stream: string }[] = [];
    for await (const { record } of readLog(store)) lines.push(record);
    expect(new Set(lines.map(({ stream }) => stream)).size).toBe(2);
    const times = lines.map(({ ts }) => ts);
    expect(times).toEqual(times.toSorted((a, b) => a.localeCompare(b)));
  });
});
