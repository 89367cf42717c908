import { describe, expect, it } from "vitest";
import { isLeashError } from "../errors.ts";
import type { Json } from "../model/json.ts";
import type { Row, Store } from "../store/store.ts";
import { verifyCheckpoint } from "./checkpoint.ts";
import { createAuditLog } from "./log.ts";
import { signedLog, tampered } from "./signed-log.fixture.ts";
import { createHashTree } from "./tree/tree.ts";

const invalid = expect.toSatisfy((error) => isLeashError(error, "LEASH_LOG_INVALID"));

/** Leaves as the lines state them. */
async function leavesOf(store: Store, stream: string, from: number, to: number): Promise<readonly Buffer[]> {
  const lines = await store.lines(stream, from, to - from);
  return lines.map(({ line }) => Buffer.from(line.slice(-66, -2), "hex"));
}

describe("taking a checkpoint", () => {
  it("covers every stream in the order of names, and says what grew", async () => {
    const { checkpoint, keys, store, write } = signedLog();
    await write("b", 3);
    await write("a", 2);
    const first = await checkpoint();
    expect(first).toMatchObject({
      size: 5,
      heads: [
        { stream: "a", size: 2 },
        { stream: "b", size: 3 },
      ],
    });
    await write("c", 1);
    await write("a", 450);
    const second = await checkpoint();
    expect(second).toMatchObject({
      size: 456,
      origin: first.origin,
      heads: [
        { stream: "a", size: 452 },
        { stream: "c", size: 1 },
      ],
    });
    const tree = createHashTree();
    const ranges = [
      ["a", 0, 2],
      ["b", 0, 3],
      ["a", 2, 452],
      ["c", 0, 1],
    ] as const;
    for (const [stream, from, to] of ranges) {
      for (const leaf of await leavesOf(store, stream, from, to)) tree.append(leaf);
    }
    expect([first.root, second.root]).toEqual([tree.root(5), tree.root(456)].map((root) => root.toString("hex")));
    expect(verifyCheckpoint(second.note, keys.keySet(), { origin: first.origin })).toEqual(second);
    await store.close();
  });

  it("keeps the ranges in its row, so that the order of the leaves can be read from the store", async () => {
    const { checkpoint, store, write } = signedLog();
    await write("b", 3);
    await checkpoint();
    await write("b", 1);
    const { note, root } = await checkpoint();
    expect((await store.get("checkpoint", "0000000000000004"))?.body).toEqual({
      v: 1,
      size: 4,
      previous: 3,
      root,
      note,
      streams: { b: [3, 4] },
    });
    await store.close();
  });

  it("gives the last one where nothing was added, and none of an empty log", async () => {
    const { checkpoint, log, store, write } = signedLog();
    expect(await log.checkpoint()).toBeNull();
    expect(await store.list("tree")).toEqual([]);
    await write("a", 1);
    const taken = await checkpoint();
    expect(await checkpoint()).toEqual(taken);
    expect(await store.list("checkpoint")).toHaveLength(1);
    await store.close();
  });

  it("is won by one of many processes, and all end with one tree", async () => {
    const { keys, store, write } = signedLog();
    let seed = 0;
    const processes = Array.from({ length: 8 }, () => {
      seed += 1;
      return createAuditLog({ store, keys, random: (size) => Buffer.alloc(size, seed) });
    });
    for (let round = 0; round < 5; round += 1) {
      await write(`stream ${round % 3}`, 7);
      const taken = await Promise.all(processes.map((log) => log.checkpoint()));
      expect(new Set(taken.map((checkpoint) => checkpoint?.note)).size, `round ${round}`).toBe(1);
      expect(await store.list("checkpoint")).toHaveLength(round + 1);
    }
    expect(await processes[0]?.verify()).toMatchObject({ ok: true, checkpoints: 5, covered: 35, records: 35 });
    await store.close();
  });

  it("covers more streams than one note takes, one checkpoint after the other", async () => {
    const { log, store, write } = signedLog();
    for (let stream = 0; stream < 1_001; stream += 1) await write(`s${stream}`, 1);
    expect(await log.checkpoint()).toMatchObject({ size: 1_001, heads: [{ stream: "s999" }] });
    expect(await log.verify()).toMatchObject({ ok: true, checkpoints: 2, covered: 1_001 });
    await store.close();
  });

  it("signs a log that was never signed in steps, each of which counts", async () => {
    const { log, store, write } = signedLog();
    await write("a", 49_999);
    await write("b", 2);
    expect(await log.checkpoint()).toMatchObject({ size: 50_001, heads: [{ stream: "b", size: 2 }] });
    expect((await store.list("checkpoint")).map(({ id }) => Number(id))).toEqual([50_000, 50_001]);
    expect(await log.verify()).toMatchObject({ ok: true, checkpoints: 2, covered: 50_001 });
    await store.close();
  });

  it("I10: goes on after a key was lost only when told to, and only where all that was signed still fits the lines", async () => {
    const { checkpoint, keys, store, write } = signedLog();
    await write("a", 3);
    await checkpoint();
    await write("b", 2);
    await checkpoint();
    await write("a", 1);
    const others = signedLog(2).keys;
    const random = (size: number): Uint8Array => Buffer.alloc(size, 7);
    const lost = createAuditLog({ store, keys: others, random });
    await expect(lost.checkpoint()).rejects.toMatchObject({ code: "LEASH_TOKEN_INVALID" });
    await expect(lost.checkpoint()).rejects.toThrow("over 5 records");

    const lines = (await store.lines("a", 0)).map(({ line }) => line);
    const others1 = signedLog(3);
    await others1.write("a", 3);
    const forged = (await others1.store.lines("a", 0)).map(({ line }) => line);
    for (const tampering of [
      { lines: { a: lines.map((line, seq) => (seq === 1 ? line.replace("n°", "N°") : line)) } },
      { lines: { a: forged } },
      { lines: { b: [] } },
      { row: (row: Row) => (row.kind === "checkpoint" && row.id.endsWith("3") ? undefined : row) },
      {
        row: (row: Row) => (row.kind === "checkpoint" ? { ...row, body: { ...(row.body as object), note: "x" } } : row),
      },
    ]) {
      const log = createAuditLog({ store: tampered(store, tampering), keys: others, random });
      await expect(log.checkpoint({ keyLost: true })).rejects.toEqual(invalid);
    }
    expect(await store.list("checkpoint")).toHaveLength(2);

    const renewed = await lost.checkpoint({ keyLost: true });
    expect(renewed).toMatchObject({ size: 6, kid: others.publicKeys("checkpoint")[0]?.kid });
    await expect(createAuditLog({ store, keys, random }).checkpoint({ keyLost: true })).rejects.toThrow(
      "nothing was added",
    );
    const both = { v: 1, keys: [...keys.publicKeys("checkpoint"), ...others.publicKeys("checkpoint")] } as const;
    expect(await lost.verify({ keys: both })).toMatchObject({ ok: true, checkpoints: 3, covered: 6 });
    expect(await lost.verify()).toMatchObject({ ok: false, badCheckpoint: { size: 3 } });
    await store.close();
  });

  it("I10: signs nothing over a line that does not hold, and names it", async () => {
    const { checkpoint, keys, store, write } = signedLog();
    await write("a", 3);
    await checkpoint();
    await write("a", 3);
    const lines = (await store.lines("a", 0)).map(({ line }) => line);
    const changed = lines.map((line, seq) => (seq === 4 ? line.replace("n°", "N°") : line));
    const log = createAuditLog({
      store: tampered(store, { lines: { a: changed } }),
      keys,
      random: (size) => Buffer.alloc(size),
    });
    await expect(log.checkpoint()).rejects.toEqual(invalid);
    await expect(log.checkpoint()).rejects.toThrow("stream a, record 4");
    expect(await store.list("checkpoint")).toHaveLength(1);
    await store.close();
  });

  it("I10: signs nothing that does not continue what it signed", async () => {
    const { checkpoint, keys, store, write } = signedLog();
    await write("a", 3);
    await checkpoint();
    await write("a", 1);
    const withBody = (row: Row, change: (body: Readonly<Record<string, Json>>) => Json): Row => ({
      ...row,
      body: change(row.body as Readonly<Record<string, Json>>),
    });
    const edits: Readonly<Record<string, (row: Row) => Row | undefined>> = {
      "the edge has other hashes": (row) =>
        row.id === "edge" ? withBody(row, (body) => ({ ...body, hashes: ["0".repeat(64), "1".repeat(64)] })) : row,
      "the edge is of another size": (row) =>
        row.id === "edge" ? withBody(row, (body) => ({ ...body, size: 5 })) : row,
      "the edge has too few hashes": (row) =>
        row.id === "edge" ? withBody(row, (body) => ({ ...body, hashes: [] })) : row,
      "the edge has no hashes in it": (row) =>
        row.id === "edge" ? withBody(row, (body) => ({ ...body, hashes: ["x", "y"] })) : row,
      "the last checkpoint is gone": (row) => (row.kind === "checkpoint" ? undefined : row),
      "the stream is said to be covered less": (row) =>
        row.id === "stream a" ? withBody(row, (body) => ({ ...body, size: 2 })) : row,
    };
    for (const [edit, row] of Object.entries(edits)) {
      const log = createAuditLog({ store: tampered(store, { row }), keys, random: (size) => Buffer.alloc(size) });
      await expect(log.checkpoint(), edit).rejects.toEqual(invalid);
    }
    expect(await store.list("checkpoint")).toHaveLength(1);
    await store.close();
  });
});
