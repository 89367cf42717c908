import { describe, expect, it } from "vitest";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import { openProver } from "./prover.ts";
import { verifyConsistency, verifyInclusion } from "./proofs.ts";
import { signedLog, tampered } from "./signed-log.fixture.ts";

const coded = (code: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, code));

async function sampleLog() {
  const signed = signedLog();
  for (const [stream, count] of [
    ["b", 5],
    ["a", 3],
    ["b", 9],
    ["a", 1],
  ] as const) {
    await signed.write(stream, count);
    await signed.checkpoint();
  }
  return signed;
}

describe("proofs from a stored log", () => {
  it("I10: prove every record to somebody who has the key set alone", async () => {
    const { keys, log, store } = await sampleLog();
    const indexes: number[] = [];
    for (const [stream, count] of [
      ["a", 4],
      ["b", 14],
    ] as const) {
      for (let seq = 0; seq < count; seq += 1) {
        const proof = await log.prove(stream, seq);
        expect(verifyInclusion(proof, keys.keySet()).size).toBe(18);
        expect(proof.line).toContain(`"stream":"${stream}","seq":${seq},`);
        indexes.push(proof.index);
      }
    }
    expect(indexes.sort((one, other) => one - other)).toEqual(Array.from({ length: 18 }, (_unused, at) => at));
    await store.close();
  });

  it("I10: do not prove another line, place or log", async () => {
    const { keys, log, store } = await sampleLog();
    const proof = await log.prove("b", 2);
    const other = await log.prove("b", 3);
    const invalid = coded("LEASH_LOG_INVALID");
    const changes = [
      { line: other.line },
      { line: other.line, seq: 3 },
      { line: proof.line.replace("n°", "N°") },
      { stream: "a" },
      { seq: 3 },
      { index: other.index },
      { path: other.path },
      { path: proof.path.slice(1) },
      { path: ["x", ...proof.path.slice(1)] },
    ];
    for (const change of changes) {
      expect(() => verifyInclusion({ ...proof, ...change }, keys.keySet()), Object.keys(change).join()).toThrow(
        invalid,
      );
    }
    // From outside, a version that nobody knows.
    const unknown = { ...proof, v: 2 } as unknown as typeof proof;
    expect(() => verifyInclusion(unknown, keys.keySet())).toThrow(invalid);
    expect(() => verifyInclusion(proof, keys.keySet(), { origin: "leashkit/other" })).toThrow(
      coded("LEASH_TOKEN_AUDIENCE"),
    );
    await store.close();
  });

  it("prove that each checkpoint continues each earlier one", async () => {
    const { keys, log, store } = await sampleLog();
    const sizes = [5, 8, 17, 18];
    for (const from of sizes) {
      for (const to of sizes.filter((size) => size >= from)) {
        const { checkpoints, path } = await log.proveConsistency(from, to);
        const [older, newer] = checkpoints.map((note) => rootIn(note));
        expect(
          verifyConsistency({ from: { size: from, root: older ?? "" }, to: { size: to, root: newer ?? "" }, path }),
        ).toBe(true);
      }
    }
    await expect(log.proveConsistency(6, 18)).rejects.toEqual(coded("LEASH_INPUT_INVALID"));
    await expect(log.proveConsistency(18, 5)).rejects.toEqual(coded("LEASH_INPUT_INVALID"));
    expect(keys.keySet().keys.some(({ purpose }) => purpose === "checkpoint")).toBe(true);
    await store.close();
  });

  it("are refused for what no checkpoint covers, and over a log that does not hold", async () => {
    const { keys, log, store, write } = await sampleLog();
    await write("a", 1);
    for (const [stream, seq] of [
      ["a", 4],
      ["a", -1],
      ["c", 0],
    ] as const) {
      await expect(log.prove(stream, seq)).rejects.toEqual(coded("LEASH_INPUT_INVALID"));
    }
    const lines = (await store.lines("b", 0)).map(({ line }) => line);
    const published = keys.publicKeys("checkpoint");
    const swapped = tampered(store, { lines: { b: lines.toSpliced(2, 2, lines[3] ?? "", lines[2] ?? "") } });
    await expect(openProver(swapped, published)).rejects.toEqual(coded("LEASH_LOG_INVALID"));
    const cut = tampered(store, { lines: { b: lines.slice(0, 13) } });
    await expect(openProver(cut, published)).rejects.toEqual(coded("LEASH_LOG_INVALID"));
    const damaged = tampered(store, { lines: { b: lines.toSpliced(4, 1, "{}") } });
    await expect(openProver(damaged, published)).rejects.toEqual(coded("LEASH_LOG_INVALID"));
    await store.close();
  });
});

/** The root in a note, as hex, read by hand. */
function rootIn(note: string): string {
  return Buffer.from(note.split("\n")[2] ?? "", "base64").toString("hex");
}
