import { type LeashOptions, memoryStore, NoEffect, type Sink, type SinkLine } from "@leashkit/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { durable, logOf, testLeash } from "../support/leash.ts";
import { thrown } from "../support/thrown.ts";

afterEach(() => vi.restoreAllMocks());

/** A required sink that takes lines while it is up. */
function siem() {
  const state = { isUp: true, lines: [] as SinkLine[] };
  const sink: Sink = {
    name: "siem",
    required: true,
    async accept(lines) {
      if (!state.isUp) throw new Error("it is away");
      state.lines.push(...lines);
    },
    close: async () => undefined,
  };
  return { state, sink, types: () => state.lines.map(({ line }) => (JSON.parse(line) as { type: string }).type) };
}

const refused = { code: "LEASH_STORE_UNAVAILABLE", message: expect.stringContaining('"siem"') };

const LIMITED = {
  text: `leash: 1
default: deny
rules: [{ id: ok, action: buy, effect: allow }]
limits: [{ id: one, action: buy, per: [agent], window: 24h, max: 1 }]
`,
};

async function leashWith(sink: Sink, acceptWithinMs = 300, options: Partial<LeashOptions> = {}) {
  const store = memoryStore();
  const { leash, shop } = await testLeash(() => "allow", {
    store,
    ...options,
    audit: { sinks: [sink], acceptWithinMs },
  });
  return { leash, shop, store };
}

describe("I5 no effect without its line in the required sinks", () => {
  it("I5: when the tool starts, the sink has the line that says granted", async () => {
    const { sink, types } = siem();
    const { leash } = await leashWith(sink);
    let seen: readonly string[] = [];
    await leash.guard(durable("call-1", {}), () => (seen = types()));
    expect(seen).toEqual(["policy.loaded", "decided", "granted"]);
    await leash.close();
    expect(types()).toEqual(["policy.loaded", "decided", "granted", "executed"]);
  });

  it("I5: while the sink is away nothing runs, the row says failed without effect, and the same call runs later", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const { sink, state } = siem();
    const { leash, shop, store } = await leashWith(sink);
    state.isUp = false;
    expect(await thrown(leash.guard(durable("call-1", {}), shop.buy))).toMatchObject(refused);
    const [row] = await store.list("journal");
    expect(row?.body).toMatchObject({ state: "failed", failure: { effect: "none" } });
    expect((await logOf(leash)).map(({ type }) => type)).toEqual(["policy.loaded", "decided", "granted", "failed"]);
    expect(shop.orders).toEqual([]);
    state.isUp = true;
    await vi.waitFor(() => leash.guard(durable("call-1", {}), shop.buy), { timeout: 5_000, interval: 50 });
    expect(shop.orders).toHaveLength(1);
    await leash.close();
    expect(state.lines.map(({ line }) => line)).toEqual(
      (await store.lines(state.lines[0]?.stream ?? "", 0, 1_000)).map(({ line }) => line),
    );
  });

  it("I5, I7: what the call had reserved of a limit is given back", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const { sink, state } = siem();
    const { leash, shop } = await leashWith(sink, 300, { policy: LIMITED });
    state.isUp = false;
    expect(await thrown(leash.guard(durable("call-1", {}), shop.buy))).toMatchObject(refused);
    state.isUp = true;
    await vi.waitFor(() => leash.guard(durable("call-2", {}), shop.buy), { timeout: 5_000, interval: 50 });
    expect(await thrown(leash.guard(durable("call-3", {}), shop.buy))).toMatchObject({ code: "LEASH_LIMIT_EXCEEDED" });
    expect(shop.orders).toHaveLength(1);
  });

  it("I5: a program gets no permit, and so no proof, before the sink has its line", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const { sink, state, types } = siem();
    const { leash } = await leashWith(sink);
    const permit = await leash.authorize(durable("call-1", {}));
    expect(types()).toContain("granted");
    await permit.run(() => "done");
    state.isUp = false;
    expect(await thrown(leash.authorize(durable("call-2", {})))).toMatchObject(refused);
  });

  it("I5: under observe nothing runs either", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const { sink, state, types } = siem();
    const { leash, shop } = await leashWith(sink, 300, { mode: "observe" });
    let seen: readonly string[] = [];
    await leash.guard(durable("call-1", {}), () => (seen = types()));
    expect(seen).toEqual(["policy.loaded", "decided"]);
    state.isUp = false;
    expect(await thrown(leash.guard(durable("call-2", {}), shop.buy))).toMatchObject(refused);
    expect(shop.orders).toEqual([]);
  });

  it("I5: an abort while the sink is waited for starts nothing", async () => {
    const { sink } = siem();
    const stop = new AbortController();
    let release = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (release = resolve));
    let asked = false;
    const slow: Sink = {
      ...sink,
      accept: async () => {
        asked = true;
        await waiting;
      },
    };
    const { leash, shop } = await leashWith(slow, 60_000);
    const call = leash.guard(durable("call-1", {}), shop.buy, { signal: stop.signal });
    await vi.waitFor(() => expect(asked).toBe(true));
    stop.abort();
    expect(await thrown(call)).toMatchObject({ code: "LEASH_ABORTED" });
    expect(shop.orders).toEqual([]);
    release();
  });

  it("an optional sink that is away holds up no call", async () => {
    const { sink, state } = siem();
    const { leash, shop } = await leashWith({ ...sink, required: false });
    state.isUp = false;
    await leash.guard(durable("call-1", {}), shop.buy);
    expect(await thrown(leash.guard(durable("call-2", {}), () => Promise.reject(new NoEffect("no"))))).toMatchObject({
      name: "NoEffect",
    });
    expect(shop.orders).toHaveLength(1);
  });
});
