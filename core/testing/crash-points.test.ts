import { describe, expect, it } from "vitest";
import { memoryStore } from "../store/memory.ts";
import { crashingStore } from "./crash-points.ts";
import { storeCases } from "./store-cases.ts";
import { create } from "./store-harness.ts";

describe("crashingStore without a crash", () => {
  const never = (): never => {
    throw new Error("crashed");
  };
  for (const { name, run } of storeCases) {
    it(name, () => run(async (options) => crashingStore(memoryStore(options), 0, never)));
  }
});

describe("crashingStore", () => {
  it("counts two points for each operation", async () => {
    const store = crashingStore(memoryStore(), 0, () => undefined);
    await store.get("used", "a");
    await store.commit([create("a")]);
    await store.list("used");
    expect(store.points()).toBe(6);
  });

  it.each([
    ["before", 3, false],
    ["after", 4, true],
  ])("crashes %s an operation, whose answer is never seen", async (_when, at, written) => {
    const inner = memoryStore();
    let crashes = 0;
    const store = crashingStore(inner, at, () => (crashes += 1));
    await store.get("used", "a");
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    store.commit([create("a")]).then(settle, settle);
    await turn();
    store.commit([create("b")]).then(settle, settle);
    await turn();
    expect({ crashes, settled }).toEqual({ crashes: 1, settled: false });
    expect((await inner.get("used", "a")) !== undefined).toBe(written);
    expect(await inner.get("used", "b")).toBeUndefined();
  });

  it("throws what the crash throws", async () => {
    const store = crashingStore(memoryStore(), 1, () => {
      throw new Error("crashed");
    });
    await expect(store.get("used", "a")).rejects.toThrow("crashed");
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
