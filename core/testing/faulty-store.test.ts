import { describe, expect, it } from "vitest";
import { memoryStore } from "../store/memory.ts";
import { faultyStore } from "./faulty-store.ts";
import { storeCases } from "./store-cases.ts";
import { create, numbered } from "./store-harness.ts";

const unavailable = { code: "LEASH_STORE_UNAVAILABLE" };

describe("faultyStore without faults", () => {
  for (const { name, run } of storeCases) it(name, () => run(async (options) => faultyStore(memoryStore(options), {})));
});

describe("faultyStore", () => {
  it("fails a commit before anything is written, or after all of it is", async () => {
    const store = faultyStore(memoryStore(), { failCommit: (n) => ([undefined, "before", "after"] as const)[n - 1] });
    const commit = (id: string): Promise<unknown> =>
      store.commit([create(id)], { stream: "log", records: [numbered(0)] });
    expect(await commit("a")).toEqual({ ok: true });
    await expect(commit("b")).rejects.toMatchObject(unavailable);
    await expect(commit("c")).rejects.toMatchObject(unavailable);
    expect((await store.list("used")).map((row) => row.id)).toEqual(["a", "c"]);
    expect(await store.lines("log", 0)).toHaveLength(2);
  });

  it("fails reads and watches by their own numbers", async () => {
    const second = (n: number): boolean => n === 2;
    const plan = { failGet: second, failList: second, failWatch: second, failLog: second };
    const store = faultyStore(memoryStore(), plan);
    const stopped = AbortSignal.abort();
    const calls = [
      () => store.get("used", "a"),
      () => store.list("used"),
      () => store.watch("used", "a", 0, stopped),
      () => store.lines("log", 0),
    ];
    for (const call of calls) {
      await call();
      await expect(call()).rejects.toMatchObject(unavailable);
      await call();
    }
  });
});
