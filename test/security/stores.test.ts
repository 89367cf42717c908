import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLeash, type Leash, memoryStore, sqliteStore, type Store, verifyProof } from "@leashkit/core";
import { countingShop, fakeClock, faultyStore, scriptedPolicy } from "@leashkit/core/testing";
import { durable, logOf, onlyPending } from "../support/leash.ts";
import { codeOf } from "../support/thrown.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-stores-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ASKED = scriptedPolicy(() => "approve");

/** A leash of a process that starts over this state; it is left where it stands, as a kill leaves it. */
async function life(options: Partial<Parameters<typeof createLeash>[0]> = {}): Promise<Leash> {
  const leash = await createLeash({ policy: ASKED, notify: [], state: folder, ...options });
  leash.register({ id: "buy" });
  return leash;
}

describe("a process that ended between the yes and the run", () => {
  it("A-S1: leaves an approval that is seen, and that the next life uses once", async () => {
    const shop = countingShop();
    const first = await life();
    const call = durable("call-1", { amount: 5 });
    expect(await codeOf(first.guard(call, shop.buy, { pause: "suspend" }))).toBe("LEASH_PENDING");
    const id = await onlyPending(first);
    await first.desk({ id: "ann" }).approve(id);
    const second = await life();
    expect((await second.desk({ id: "ann" }).get(id)).status).toBe("approved");
    await second.guard(call, shop.buy);
    await second.guard(call, shop.buy);
    expect(shop.orders).toHaveLength(1);
    expect((await second.desk({ id: "ann" }).get(id)).status).toBe("consumed");
    await Promise.all([first.close(), second.close()]);
  });

  it("A-S1: leaves one that lapses, where nobody comes back in time", async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const shop = countingShop();
    const first = await life({ store, clock });
    const call = durable("call-1", { amount: 5 });
    await codeOf(first.guard(call, shop.buy, { pause: "suspend" }));
    const id = await onlyPending(first);
    await first.desk({ id: "ann" }).approve(id);
    clock.advance(900_000);
    expect(await codeOf(first.guard(call, shop.buy))).toBe("LEASH_EXPIRED");
    expect((await first.desk({ id: "ann" }).get(id)).status).toBe("lapsed");
    expect(shop.orders).toEqual([]);
  });
});

describe("a store that goes down while a call holds", () => {
  it("A-S14: ends the call without running it, and works again when it is back", async () => {
    const shop = countingShop();
    let isDown = false;
    const inner = memoryStore();
    const down = (): boolean => isDown;
    const plan = {
      failGet: down,
      failWatch: down,
      failList: down,
      failCommit: () => (isDown ? "before" : undefined),
    } as const;
    const leash = await life({ store: faultyStore(inner, plan) });
    const call = durable("call-1", { amount: 5 });
    const held = codeOf(leash.guard(call, shop.buy));
    const id = await onlyPending(leash);
    isDown = true;
    const other = await life({ store: inner });
    await other
      .desk({ id: "ann" })
      .deny(id)
      .catch(() => undefined);
    expect(await held).toBe("LEASH_STORE_UNAVAILABLE");
    expect(shop.orders).toEqual([]);
    isDown = false;
    expect(await codeOf(leash.guard(durable("call-2", { amount: 6 }), shop.buy, { pause: "suspend" }))).toBe(
      "LEASH_PENDING",
    );
  });
});

describe("many questions at once", () => {
  it("A-S16: are each held and settled, and none runs twice", async () => {
    const shop = countingShop();
    const leash = await life({ store: memoryStore() });
    const calls = Array.from({ length: 300 }, (_, call) => durable(`call-${call}`, { call }));
    let waiting = 0;
    const held = calls.map((call) => leash.guard(call, shop.buy, { onHold: () => void (waiting += 1) }));
    while (waiting < calls.length) await new Promise((resolve) => setTimeout(resolve, 2));
    const desk = leash.desk({ id: "ann" });
    const ids = (await desk.pending()).map(({ id }) => id);
    expect(ids).toHaveLength(calls.length);
    await desk.approve(ids);
    await Promise.all(held);
    expect(shop.orders).toHaveLength(calls.length);
  });
});

describe("the same call again after a restart, and in a second process", () => {
  it.each([
    ["memory, a second leash", (): Promise<Store> => Promise.resolve(memoryStore())],
    ["SQLite, a second store on the file", (): Promise<Store> => sqliteStore({ file: join(folder, "store.db") })],
  ])("B-H8: is the recorded result, not a second run (%s)", async (_what, open) => {
    const shop = countingShop();
    const policy = scriptedPolicy(() => "allow");
    const store = await open();
    const first = await life({ policy, store });
    const call = durable("call-1", { amount: 5 });
    const result = await first.guard(call, shop.buy);
    const again = store.shared ? await open() : store;
    const second = await life({ policy, store: again });
    expect(await second.guard(call, shop.buy)).toEqual(result);
    expect(shop.orders).toHaveLength(1);
    await Promise.all([first.close(), second.close()]);
    for (const each of new Set([store, again])) await each.close();
  });
});

describe("a call of one agent", () => {
  it("B-H4: names nobody else: what it says of its agent is no part of it, and its proof is the gate's own agent's", async () => {
    const leash = await life({ store: memoryStore(), policy: scriptedPolicy(() => "allow") });
    const thief = leash.as({ agent: "thief" });
    const forged = { agent: "victim", tenant: "other", subject: "owner", chain: ["root"] };
    const call = { ...durable("call-1", { agent: "victim" }), ...forged, principal: forged };
    const token = await thief.guard(call, (_input, permit) => permit.proof ?? "");
    expect(verifyProof(token, leash.keySet(), { audience: "thief" }).agent_id).toBe("thief");
    expect(() => verifyProof(token, leash.keySet(), { audience: "thief", agent: "victim" })).toThrow("another agent");
    const told = (await logOf(leash)).filter(({ action_type: tool }) => tool === "buy");
    expect(told.length).toBeGreaterThan(1);
    for (const line of told) expect(line).toMatchObject({ actor_id: "thief", tenant: "default" });
    await leash.close();
  });
});

describe("an approval of one agent", () => {
  it("B-H5: is of no use to another: its ref, its call id and its bytes lead nowhere", async () => {
    const shop = countingShop();
    const leash = await life({ store: memoryStore() });
    const call = durable("call-1", { amount: 5 });
    await codeOf(leash.guard(call, shop.buy, { pause: "defer" }));
    const id = await onlyPending(leash);
    const { ref } = await leash.desk({ id: "ann" }).approve(id);
    const thief = leash.as({ agent: "thief" });
    expect(await thief.deferred(ref)).toBeUndefined();
    expect(await codeOf(thief.collect(ref, shop.buy))).toBe("LEASH_DENIED");
    expect(await codeOf(thief.guard(call, shop.buy, { pause: "suspend" }))).toBe("LEASH_PENDING");
    expect(shop.orders).toEqual([]);
  });
});
