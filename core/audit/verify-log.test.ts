import { describe, expect, it } from "vitest";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import type { Json } from "../model/json.ts";
import { EMPTY_HEAD, link } from "../store/chain.ts";
import type { Row, Store } from "../store/store.ts";
import { createAuditLog } from "./log.ts";
import { record, type SignedLog, signedLog, tampered, type Tampering } from "./signed-log.fixture.ts";

const coded = (code: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, code));

async function linesOf(store: Store, stream: string): Promise<string[]> {
  return (await store.lines(stream, 0, 1_000)).map(({ line }) => line);
}

/** The same stream as somebody writes it who can compute hashes, with another record at `from`. */
function rewritten(stream: string, lines: readonly string[], from: number): string[] {
  let head = EMPTY_HEAD;
  const forged = lines.slice(0, from);
  const before = forged.at(-1);
  if (before !== undefined) head = { seq: from, hash: before.slice(-66, -2) };
  for (let seq = from; seq < lines.length; seq += 1) {
    const linked = link(stream, head, Date.UTC(2026, 0, 1), record(`forged ${seq}`));
    forged.push(linked.line);
    head = linked.head;
  }
  return forged;
}

/** Three checkpoints over two streams, and two lines that none covers yet. */
async function sampleLog(): Promise<SignedLog & { readonly notes: readonly string[] }> {
  const signed = signedLog();
  const notes: string[] = [];
  for (const [stream, count] of [
    ["a", 4],
    ["b", 3],
    ["a", 3],
  ] as const) {
    await signed.write(stream, count);
    notes.push((await signed.checkpoint()).note);
  }
  await signed.write("b", 2);
  return { ...signed, notes };
}

function verifyTampered({ keys, store }: SignedLog, tampering: Tampering, checkpoint?: string) {
  const log = createAuditLog({ store: tampered(store, tampering), keys, random: (size) => Buffer.alloc(size) });
  return log.verify(checkpoint === undefined ? {} : { checkpoint });
}

describe("verifying a stored log with its checkpoints", () => {
  it("says what holds, and how much of it a checkpoint covers", async () => {
    const signed = await sampleLog();
    const report = {
      ok: true,
      streams: 2,
      records: 12,
      firstBad: null,
      checkpoints: 3,
      covered: 10,
      badCheckpoint: null,
    };
    expect(await signed.log.verify()).toEqual(report);
    for (const checkpoint of signed.notes) expect(await signed.log.verify({ checkpoint })).toEqual(report);
    expect(await signed.log.verify({ keys: signed.keys.keySet() })).toEqual(report);
    await signed.store.close();
  });

  it("I10: finds lines cut off the end that a checkpoint covers, and names the first that is missing", async () => {
    const signed = await sampleLog();
    const [a, b] = [await linesOf(signed.store, "a"), await linesOf(signed.store, "b")];
    for (let left = 0; left < a.length; left += 1) {
      const report = await verifyTampered(signed, { lines: { a: a.slice(0, left) } });
      expect(report, `${left} left`).toMatchObject({
        ok: false,
        records: left + 5,
        firstBad: { stream: "a", seq: left },
      });
    }
    expect(await verifyTampered(signed, { lines: { b: b.slice(0, 2) } })).toMatchObject({
      ok: false,
      firstBad: { stream: "b", seq: 2 },
    });
    // What no checkpoint covers yet can be cut off: the report says how much that is.
    expect(await verifyTampered(signed, { lines: { b: b.slice(0, 3) } })).toMatchObject({
      ok: true,
      records: 10,
      covered: 10,
    });
    await signed.store.close();
  });

  it("I10: finds a stream that was rewritten with all its hashes, and names the first line that was not covered before", async () => {
    const signed = await sampleLog();
    const a = await linesOf(signed.store, "a");
    for (let from = 0; from < a.length; from += 1) {
      const report = await verifyTampered(signed, { lines: { a: rewritten("a", a, from) } });
      const first = from < 4 ? 0 : 4;
      expect(report, `from ${from}`).toMatchObject({
        ok: false,
        records: first + 5,
        firstBad: { stream: "a", seq: first },
      });
    }
    await signed.store.close();
  });

  it("I10: finds a checkpoint that was changed, replaced or taken away", async () => {
    const signed = await sampleLog();
    const edit =
      (id: string, change: (body: Readonly<Record<string, Json>>) => Json) =>
      (row: Row): Row =>
        row.id === id ? { ...row, body: change(row.body as Readonly<Record<string, Json>>) } : row;
    const [first, second, third] = signed.notes;
    const [four, seven, ten] = ["0000000000000004", "0000000000000007", "0000000000000010"];
    const cases: readonly (readonly [string, (row: Row) => Row | undefined, number])[] = [
      ["the first is gone", (row) => (row.id === four ? undefined : row), 7],
      ["the second is gone", (row) => (row.id === seven ? undefined : row), 10],
      ["the last is gone", (row) => (row.id === ten ? undefined : row), 10],
      ["all are gone", (row) => (row.kind === "checkpoint" ? undefined : row), 10],
      ["the last has the first one's note", edit(ten, (body) => ({ ...body, note: first ?? "" })), 10],
      ["the first has the last one's note", edit(four, (body) => ({ ...body, note: third ?? "" })), 4],
      ["one has another root in its row", edit(seven, (body) => ({ ...body, root: "0".repeat(64) })), 7],
      ["one has another size in its row", edit(seven, (body) => ({ ...body, size: 8 })), 7],
      ["one has no note", edit(seven, (body) => ({ ...body, note: null })), 7],
      [
        "one has a bit changed in its note",
        edit(seven, (body) => ({ ...body, note: (second ?? "").replace("\n7\n", "\n8\n") })),
        7,
      ],
      [
        "one that was missing is said not to be",
        (row) => (row.id === seven ? undefined : edit(ten, (body) => ({ ...body, previous: 4 }))(row)),
        10,
      ],
    ];
    for (const [name, row, size] of cases) {
      const report = await verifyTampered(signed, { row });
      expect(report, name).toMatchObject({ ok: false, firstBad: null, badCheckpoint: { size } });
    }
    await signed.store.close();
  });

  it("I10: finds by a kept checkpoint what a writer hides who can sign: the log cut off, or rewritten, and signed anew", async () => {
    const signed = await sampleLog();
    const kept = signed.notes.at(-1) ?? "";
    // All checkpoints gone, and the tree with them, as if they had never been taken.
    const bare = (row: Row): Row | undefined => (row.kind === "checkpoint" || row.kind === "tree" ? undefined : row);
    const a = await linesOf(signed.store, "a");
    const cut = await verifyTampered(signed, { row: bare, lines: { a: a.slice(0, 5) } });
    expect(cut).toMatchObject({ ok: true, checkpoints: 0, covered: 0 });
    expect(await verifyTampered(signed, { row: bare, lines: { a: a.slice(0, 5) } }, kept)).toMatchObject({
      ok: false,
      firstBad: { stream: "a", seq: 5 },
    });
    // Only the last checkpoint is gone: the stored tree gives that away, and the kept one names the line.
    const lastGone = (row: Row): Row | undefined => (row.id === "0000000000000010" ? undefined : row);
    expect(await verifyTampered(signed, { row: lastGone, lines: { a: a.slice(0, 5) } }, kept)).toMatchObject({
      ok: false,
      firstBad: { stream: "a", seq: 5 },
      badCheckpoint: { size: 10 },
    });
    const forged = rewritten("a", a, 6);
    expect(await verifyTampered(signed, { row: bare, lines: { a: forged } })).toMatchObject({ ok: true });
    expect(await verifyTampered(signed, { row: bare, lines: { a: forged } }, kept)).toMatchObject({
      ok: false,
      firstBad: { stream: "a", seq: 0, problem: expect.stringContaining("the kept checkpoint has another") },
    });
    expect(await verifyTampered(signed, { row: bare }, kept)).toMatchObject({ ok: false, badCheckpoint: { size: 10 } });
    await signed.store.close();
  });

  it("I10: finds by a kept checkpoint that the whole store was replaced by one with other records", async () => {
    const signed = await sampleLog();
    const other = signedLog(1);
    await other.write("a", 9);
    await other.write("b", 9);
    await other.checkpoint();
    const kept = signed.notes.at(-1) ?? "";
    expect(await other.log.verify()).toMatchObject({ ok: true });
    expect((await other.log.verify({ checkpoint: kept, keys: signed.keys.keySet() })).ok).toBe(false);
    await Promise.all([signed.store.close(), other.store.close()]);
  });

  it("finds a kept checkpoint that was signed before the stored ones, and is none of them, to hold all the same", async () => {
    const signed = await sampleLog();
    const [first = "", second = ""] = signed.notes;
    const later = (row: Row): Row | undefined =>
      row.kind === "checkpoint" && row.id !== "0000000000000004" ? undefined : row;
    const early = (row: Row): Row | undefined => (row.id === "edge" ? undefined : later(row));
    // The store lost its last checkpoints; the kept one continues those that are left.
    expect(await verifyTampered(signed, { row: early }, second)).toMatchObject({
      ok: true,
      checkpoints: 1,
      covered: 4,
    });
    expect(await verifyTampered(signed, { row: early }, first)).toMatchObject({ ok: true });
    await signed.store.close();
  });

  it("A-S8: holds after a rotation; what only a revoked key signed is not counted as covered", async () => {
    const signed = await sampleLog();
    signed.keys.rotate("checkpoint");
    expect(await signed.log.verify()).toMatchObject({ ok: true, checkpoints: 3, covered: 10 });
    await signed.checkpoint();
    expect(await signed.log.verify()).toMatchObject({ ok: true, checkpoints: 4, covered: 12 });
    const [old, next] = signed.keys.publicKeys("checkpoint");
    signed.keys.revoke(old?.kid ?? "");
    expect(await signed.log.verify()).toMatchObject({ ok: true, checkpoints: 4, covered: 12 });
    await expect(signed.log.verify({ checkpoint: signed.notes[0] ?? "" })).rejects.toEqual(
      coded("LEASH_TOKEN_REVOKED"),
    );
    signed.keys.revoke(next?.kid ?? "");
    expect(await signed.log.verify()).toMatchObject({ ok: true, checkpoints: 4, covered: 0 });
    await expect(signed.log.checkpoint()).resolves.toMatchObject({ isRevoked: true });
    await signed.write("a", 1);
    await expect(signed.log.checkpoint()).rejects.toEqual(coded("LEASH_CONFIG_INVALID"));
    await signed.store.close();
  });

  it("does not take a checkpoint for one of this log that nobody signed, or somebody else", async () => {
    const signed = await sampleLog();
    const stranger = signedLog(7);
    await stranger.write("a", 10);
    const { note } = await stranger.checkpoint();
    const refused = coded("LEASH_TOKEN_INVALID");
    await expect(signed.log.verify({ checkpoint: note })).rejects.toEqual(refused);
    await expect(signed.log.verify({ checkpoint: "text" })).rejects.toEqual(refused);
    expect(await signed.log.verify({ keys: stranger.keys.keySet() })).toMatchObject({
      ok: false,
      badCheckpoint: { size: 4 },
    });
    await Promise.all([signed.store.close(), stranger.store.close()]);
  });
});
