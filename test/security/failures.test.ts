import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLeash, memoryStore, type Policy, type Store } from "@leashkit/core";
import { countingShop, faultyStore, scriptedPolicy } from "@leashkit/core/testing";
import { durable, logOf, onlyPending, testLeash } from "../support/leash.ts";
import { codeOf } from "../support/thrown.ts";

const GOOD = scriptedPolicy(() => "allow");
type Evaluate = Policy["evaluate"];

/** An evaluator that answers something that is no decision. */
const answering = (answer: unknown): Evaluate => (() => answer) as Evaluate;

const fails = (): never => {
  throw new Error("evaluator bug");
};

/** A good decision with one member replaced. */
const altered =
  (change: object): Evaluate =>
  (action, tool, facts) =>
    Object.assign({}, GOOD.evaluate(action, tool, facts), change);

const BROKEN: readonly (readonly [string, Evaluate])[] = [
  ["throws", fails],
  [
    "throws undefined",
    () => {
      throw undefined;
    },
  ],
  ["runs out of stack", (...call) => deepen(...call)],
  ["returns undefined", answering(undefined)],
  ["returns null", answering(null)],
  ["returns true", answering(true)],
  ["returns a bare word", answering("allow")],
  ["returns an empty object", answering({})],
  ["returns an effect and nothing else", answering({ effect: "allow" })],
  ["returns a list", answering(["allow"])],
  ["answers later", (...call) => Promise.resolve(GOOD.evaluate(...call)) as unknown as ReturnType<Evaluate>],
  ["never answers", () => new Promise(() => undefined) as unknown as ReturnType<Evaluate>],
  ["knows other effects", altered({ effect: "ALLOW" })],
  ["puts its effect in a list", altered({ effect: ["allow"] })],
  ["puts its effect in an object that prints like one", altered({ effect: { toString: () => "allow" } })],
  ["demands something unknown", altered({ obligations: [{ type: "unheard_of", at: "after", params: {} }] })],
  ["computes something that is no JSON", altered({ transform: { tool: "buy", input: { amount: Number.NaN } } })],
  ["computes for a tool that is not registered", altered({ transform: { tool: "wipe", input: {} } })],
  ["asks without saying on what terms", altered({ effect: "approve", terms: null })],
];

function deepen(...call: Parameters<Evaluate>): ReturnType<Evaluate> {
  return { ...deepen(...call) };
}

describe("an evaluator that is broken", () => {
  it.each(BROKEN)("A-A30: one that %s runs nothing", async (_, evaluate) => {
    const leash = await createLeash({ policy: { ...GOOD, evaluate }, store: "memory", notify: [] });
    leash.register({ id: "buy" });
    const shop = countingShop();
    expect(await codeOf(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }))).toMatch(/^LEASH_/);
    expect(shop.orders).toHaveLength(0);
    expect(await leash.verifyLog()).toMatchObject({ ok: true });
  });

  it("A-A30: a computed form that changes every time it is asked for is not run", async () => {
    let amount = 0;
    const { leash, shop } = await testLeash(() => ({
      effect: "allow",
      transform: { tool: "buy", input: { amount: (amount += 1) } },
    }));
    expect(await codeOf(leash.guard({ tool: "buy", input: {} }, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toHaveLength(0);
  });

  it("A-A30: a host that fails to name the counterparty names none, and the call is still decided", async () => {
    const seen: unknown[] = [];
    const policy = scriptedPolicy((_action, _tool, facts) => {
      seen.push(facts.counterparty);
      return "deny";
    });
    const leash = await createLeash({ policy, store: "memory", notify: [], counterparty: fails });
    leash.register({ id: "buy" });
    expect(await codeOf(leash.guard({ tool: "buy", input: {} }, () => 1))).toBe("LEASH_DENIED");
    expect(seen).toEqual([null]);
  });
});

describe("a store that fails", () => {
  /** Fails everything, or only what writes the log, from the moment it is told to. */
  function switchable(what: "all" | "log"): { store: Store; fail: () => void } {
    let down = false;
    const inner = memoryStore();
    const broken = faultyStore(inner, { failCommit: () => (down ? "before" : undefined) });
    const commit: Store["commit"] = (changes, append) =>
      what === "log" && append === undefined ? inner.commit(changes) : broken.commit(changes, append);
    return { store: { ...broken, commit }, fail: () => (down = true) };
  }

  it("A-S4: on a disk that is full nothing runs: not what is allowed, not what was approved", async () => {
    const { store, fail } = switchable("all");
    const { leash, shop } = await testLeash((action) => (action.text === "{}" ? "allow" : "approve"), { store });
    const running = codeOf(leash.guard(durable("call-1", { amount: 60 }), shop.buy, { pause: "defer" }));
    expect(await running).toBe("LEASH_PENDING");
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    fail();
    expect(await codeOf(leash.guard(durable("call-1", { amount: 60 }), shop.buy))).toBe("LEASH_STORE_UNAVAILABLE");
    expect(await codeOf(leash.guard({ tool: "buy", input: {} }, shop.buy))).toBe("LEASH_STORE_UNAVAILABLE");
    expect(await codeOf(leash.authorize({ tool: "buy", input: {} }))).toBe("LEASH_STORE_UNAVAILABLE");
    expect(shop.orders).toHaveLength(0);
  });

  it("A-S4: a yes that cannot be written is no yes, and the person is told", async () => {
    const { store, fail } = switchable("all");
    const { leash, shop } = await testLeash(() => "approve", { store });
    await codeOf(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }));
    const id = await onlyPending(leash);
    fail();
    expect(await codeOf(leash.desk({ id: "ann" }).approve(id))).toBe("LEASH_STORE_UNAVAILABLE");
    expect((await leash.desk({ id: "ann" }).get(id)).status).toBe("pending");
    expect(shop.orders).toHaveLength(0);
  });

  it("A-S4: an effect whose outcome cannot be written is reported as unknown and not repeated", async () => {
    const { store, fail } = switchable("all");
    const { leash, shop } = await testLeash(() => "allow", { store }, fail);
    expect(await codeOf(leash.guard(durable("call-1", {}), shop.buy))).toBe("LEASH_OUTCOME_UNKNOWN");
    expect(await codeOf(leash.guard(durable("call-1", {}), shop.buy))).toMatch(/^LEASH_/);
    expect(shop.orders).toHaveLength(1);
  });

  it("A-S17: when the log cannot be written, though everything else can, the tool is not called", async () => {
    const { store, fail } = switchable("log");
    const { leash, shop } = await testLeash(() => "allow", { store });
    fail();
    expect(await codeOf(leash.guard({ tool: "buy", input: {} }, shop.buy))).toBe("LEASH_STORE_UNAVAILABLE");
    expect(await codeOf(leash.guard({ tool: "wipe", input: {} }, shop.buy))).toMatch(/^LEASH_/);
    expect(shop.orders).toHaveLength(0);
  });

  it("A-S17: in observe mode, too, nothing runs unrecorded", async () => {
    const { store, fail } = switchable("log");
    const { leash, shop } = await testLeash(() => "allow", { store, mode: "observe" });
    await leash.guard({ tool: "buy", input: {} }, shop.buy);
    fail();
    expect(await codeOf(leash.guard({ tool: "buy", input: {} }, shop.buy))).toBe("LEASH_STORE_UNAVAILABLE");
    expect(shop.orders).toHaveLength(1);
  });
});

describe("a log that cannot be opened", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(`${tmpdir()}/leashkit-log-`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("A-S17: no leash starts over a log that is a folder", async () => {
    const options = { policy: GOOD, store: "memory", notify: [], audit: { file: folder } } as const;
    expect(await codeOf(createLeash(options))).toBe("LEASH_STORE_UNAVAILABLE");
    const leash = await createLeash({ ...options, audit: { file: `${folder}/audit.jsonl` } });
    expect((await logOf(leash)).map(({ type }) => type)).toEqual(["policy.loaded"]);
    await leash.close();
  });
});
