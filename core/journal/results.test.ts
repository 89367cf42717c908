import { describe, expect, it } from "vitest";
import { sha256Hex } from "../digest.ts";
import { memoryStore } from "../store/memory.ts";
import { readResult, recordResult, writeResult } from "./results.ts";
import type { ResultCodec } from "../model/journal.ts";

const DATES: ResultCodec<Date> = {
  encode: (date) => date.toISOString(),
  decode: (text) => new Date(text as string),
};

describe("recordResult", () => {
  it("names a plain result by the digest of its canonical text", () => {
    const recorded = recordResult({ b: 1, a: [null] });
    expect(recorded).toEqual({ digest: sha256Hex('{"a":[null],"b":1}'), blob: { v: 1, value: { a: [null], b: 1 } } });
  });

  it("records a result of undefined as such, not as null", () => {
    expect(recordResult(undefined)).toEqual({ digest: sha256Hex(""), blob: { v: 1 } });
    expect(recordResult(null)?.blob).toEqual({ v: 1, value: null });
  });

  it.each([
    ["a class instance", new Date(0)],
    ["a function", () => 1],
    ["a large integer", 2 ** 60],
    ["an accessor", Object.defineProperty({}, "x", { get: () => 1, enumerable: true })],
    ["something too long", "x".repeat(2_000_000)],
  ])("records nothing for %s, so that a re-execution never gets something else", (_, result) => {
    expect(recordResult(result)).toBeUndefined();
  });

  it("records nothing when the codec says so or fails", () => {
    const none: ResultCodec<unknown> = { encode: () => undefined, decode: (value) => value };
    const broken: ResultCodec<unknown> = {
      encode: () => {
        throw new Error("codec bug");
      },
      decode: (value) => value,
    };
    expect(recordResult({}, none)).toBeUndefined();
    expect(recordResult({}, broken)).toBeUndefined();
  });

  it("does not keep the caller's object: what is changed later is not what was recorded", () => {
    const result = { list: [1] };
    const recorded = recordResult(result);
    result.list.push(2);
    expect(recorded?.blob.value).toEqual({ list: [1] });
  });
});

describe("readResult", () => {
  it("gives back what was recorded, through the codec that recorded it", async () => {
    const store = memoryStore();
    const recorded = recordResult(new Date(5), DATES);
    if (recorded === undefined) throw new Error("nothing was recorded");
    expect(await store.commit([writeResult("call-1", recorded)])).toEqual({ ok: true });
    expect(await readResult(store, "call-1", recorded.digest, DATES)).toEqual({ result: new Date(5) });
  });

  it("tells a result of undefined from no result", async () => {
    const store = memoryStore();
    const recorded = recordResult(undefined);
    if (recorded === undefined) throw new Error("nothing was recorded");
    await store.commit([writeResult("call-1", recorded)]);
    expect(await readResult(store, "call-1", recorded.digest)).toEqual({ result: undefined });
    expect(await readResult(store, "call-2", recorded.digest)).toBeUndefined();
  });

  it("refuses a result of a format it does not know", async () => {
    const store = memoryStore();
    await store.commit([{ kind: "blob", id: "call-1", expect: 0, body: { v: 2, value: 1 } }]);
    await expect(readResult(store, "call-1", null)).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
  });
});

describe("writeResult", () => {
  it("is written once: a second result for the same call is a conflict", async () => {
    const store = memoryStore();
    const recorded = recordResult(1);
    if (recorded === undefined) throw new Error("nothing was recorded");
    await store.commit([writeResult("call-1", recorded)]);
    expect(await store.commit([writeResult("call-1", recorded)])).toMatchObject({ ok: false });
  });
});
