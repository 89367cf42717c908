import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../model/audit.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { exportLog } from "./export.ts";
import { verifyLog as verifyStored } from "./verify-log.ts";
import { verifyJsonl } from "./verify.ts";

/** No checkpoint was taken in these tests, so no key is asked for. */
const verifyLog = (store: Store) => verifyStored(store, { keys: () => [] });

const record = (detail: string): AuditRecord => ({
  payload: { type: "decided", tenant: "acme", actor_type: "agent", actor_id: "buyer", detail },
  envelope: { trace_id: "trace-1" },
});
const records = (count: number): AuditRecord[] => Array.from({ length: count }, (_, at) => record(`n° ${at}`));

async function collect(store: Store): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportLog(store)) lines.push(line);
  return lines;
}

describe("exporting a log", () => {
  it("yields every line as it was written, stream by stream, over any number of pages", async () => {
    const store = memoryStore();
    await store.commit([], { stream: "b", records: records(3) });
    await store.commit([], { stream: "a", records: records(2_500) });
    await store.commit([], { stream: "b", records: records(1) });
    const lines = await collect(store);
    const places = lines.map((line) => /^\{"v":1,"stream":"(.)","seq":(\d+),/.exec(line)?.slice(1).join(""));
    const expected = (stream: string, count: number): string[] =>
      Array.from({ length: count }, (_, seq) => `${stream}${seq}`);
    expect(places).toEqual([...expected("a", 2_500), ...expected("b", 4)]);
    expect((await store.lines("b", 3))[0]?.line).toBe(lines.at(-1));
    await store.close();
  });

  it("I10: gives a stranger what they can verify without the store, and where a change shows", async () => {
    const store = memoryStore();
    await store.commit([], { stream: "writer-1", records: records(3) });
    const lines = await collect(store);
    const text = lines.map((line) => `${line}\n`).join("");
    expect(await verifyJsonl(text)).toEqual({ ok: true, streams: 1, records: 3, firstBad: null });
    expect(await verifyLog(store)).toMatchObject(await verifyJsonl(Buffer.from(text)));
    expect(await verifyLog(store)).toMatchObject(await verifyJsonl(exportLog(store)));
    expect(await verifyJsonl(text.replace("n° 1", "n° 9"))).toMatchObject({
      ok: false,
      firstBad: { stream: "writer-1", seq: 1 },
    });
    await store.close();
  });

  it("ends, and is found wrong, when a store answers the same page for ever", async () => {
    const store = memoryStore();
    await store.commit([], { stream: "a", records: records(3) });
    const rows = await store.lines("a", 0);
    const stuck: Store = { ...store, lines: () => Promise.resolve(rows) };
    expect(await verifyLog(stuck)).toMatchObject({ ok: false, records: 3, firstBad: { stream: "a", seq: 3 } });
    const lines: string[] = [];
    for await (const line of exportLog(stuck)) {
      lines.push(line);
      if (lines.length > 100) break;
    }
    expect(lines).toHaveLength(6);
    expect(await verifyJsonl(lines)).toMatchObject({ ok: false, records: 3, firstBad: { stream: "a", seq: 3 } });
    await store.close();
  });

  it("yields nothing of an empty store", async () => {
    expect(await collect(memoryStore())).toEqual([]);
  });
});
