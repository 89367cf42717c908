import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createBatcher } from "./batch.ts";

describe("createBatcher", () => {
  it("writes a request that comes alone in a write of its own", async () => {
    const writes: (readonly number[])[] = [];
    const batcher = createBatcher((requests: readonly number[]) => {
      writes.push(requests);
      return requests;
    });
    expect(await batcher.submit(1)).toBe(1);
    expect(await batcher.submit(2)).toBe(2);
    expect(writes).toEqual([[1], [2]]);
  });

  it("puts whatever is submitted in one turn into one write, in order, however deep in promises", async () => {
    const writes: (readonly number[])[] = [];
    const batcher = createBatcher((requests: readonly number[]) => {
      writes.push(requests);
      return requests.map((request) => request * 10);
    });
    const later = async (depth: number): Promise<number> => {
      for (let step = 0; step < depth; step += 1) await Promise.resolve();
      return batcher.submit(depth);
    };
    expect(await Promise.all([later(0), later(3), later(40)])).toEqual([0, 30, 400]);
    expect(writes).toEqual([[0, 3, 40]]);
  });

  it("puts them into one write also behind a request that came alone", async () => {
    const writes: (readonly number[])[] = [];
    const batcher = createBatcher((requests: readonly number[]) => {
      writes.push(requests);
      return requests;
    });
    const later = async (depth: number): Promise<number> => {
      for (let step = 0; step < depth; step += 1) await Promise.resolve();
      return batcher.submit(depth);
    };
    for (let round = 0; round < 3; round += 1) {
      await batcher.submit(-1);
      await Promise.all([later(0), later(3), later(40)]);
    }
    expect(writes).toEqual([[-1], [0, 3, 40], [-1], [0, 3, 40], [-1], [0, 3, 40]]);
  });

  it("lets the event loop turn, however long requests follow one another", async () => {
    const batcher = createBatcher((requests: readonly number[]) => requests);
    let turns = 0;
    let isCounting = true;
    const count = (): void => {
      turns += 1;
      if (isCounting) setImmediate(count);
    };
    setImmediate(count);
    for (let number = 0; number < 100; number += 1) await batcher.submit(number);
    isCounting = false;
    expect(turns).toBeGreaterThanOrEqual(50);
  });

  it("collects what is submitted while a write is under way into the next one", async () => {
    const writes: (readonly number[])[] = [];
    let active = 0;
    const batcher = createBatcher(async (requests: readonly number[]) => {
      active += 1;
      expect(active).toBe(1);
      writes.push(requests);
      await sleep(20);
      active -= 1;
      return requests;
    });
    const first = batcher.submit(1);
    await sleep(5);
    expect(await Promise.all([first, batcher.submit(2), batcher.submit(3)])).toEqual([1, 2, 3]);
    expect(writes).toEqual([[1], [2, 3]]);
  });

  it("bounds a write by its limit", async () => {
    const sizes: number[] = [];
    const write = (requests: readonly number[]): readonly number[] => {
      sizes.push(requests.length);
      return requests;
    };
    const batcher = createBatcher(write, { limit: 4 });
    await Promise.all(Array.from({ length: 10 }, (_, number) => batcher.submit(number)));
    expect(sizes).toEqual([4, 4, 2]);
  });

  it("I4: rejects every request of a write that throws, and goes on with the next", async () => {
    let fails = true;
    const batcher = createBatcher((requests: readonly number[]) => {
      if (fails) throw new Error("disk full");
      return requests;
    });
    const settled = await Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
    expect(settled.map((result) => result.status)).toEqual(["rejected", "rejected"]);
    fails = false;
    expect(await batcher.submit(3)).toBe(3);
  });

  it("I4: rejects every request of a write that does not answer each of them", async () => {
    const batcher = createBatcher((requests: readonly number[]) => requests.slice(1));
    const settled = await Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
    expect(settled).toMatchObject([
      { status: "rejected", reason: { code: "LEASH_STORE_UNAVAILABLE" } },
      { status: "rejected", reason: { code: "LEASH_STORE_UNAVAILABLE" } },
    ]);
  });

  it("is idle once everything submitted is settled", async () => {
    let settled = 0;
    const batcher = createBatcher(
      async (requests: readonly number[]) => {
        await sleep(5);
        return requests;
      },
      { limit: 1 },
    );
    await batcher.idle();
    for (const number of [1, 2, 3]) void batcher.submit(number).then(() => (settled += 1));
    await batcher.idle();
    expect(settled).toBe(3);
  });
});
