import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../model/audit.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { fakeClock } from "../testing/clock.ts";
import { type LogFilter, readLog } from "./read-log.ts";

const NEW_YEAR = Date.parse("2026-01-01T00:00:00.000Z");

function told(tool: string, more: Partial<AuditRecord["payload"]> = {}): AuditRecord {
  const payload = { type: "decided", tenant: "acme", actor_type: "agent", actor_id: "shopper" } as const;
  return { payload: { ...payload, action_type: tool, decision: "ALLOW", subject: "ann", ...more }, envelope: {} };
}

async function filled() {
  const clock = fakeClock(NEW_YEAR);
  const store = memoryStore({ clock });
  const records = [
    told("first"),
    told("tenant", { tenant: "other" }),
    told("owner", { subject: "bob" }),
    told("agent", { actor_id: "seller" }),
    told("decision", { decision: "DENY" }),
    told("type", { type: "approval.settled", actor_type: "person", actor_id: "seller", agent: "buyer" }),
  ];
  await store.commit([], { stream: "w-2", records });
  clock.advance(1_000);
  await store.commit([], { stream: "w-1", records: [told("later")] });
  return store;
}

describe("readLog", () => {
  it.each<[string, LogFilter, readonly string[]]>([
    ["everything, the earliest first", {}, ["first", "tenant", "owner", "agent", "decision", "type", "later"]],
    ["a tenant", { tenant: "other" }, ["tenant"]],
    ["an owner", { owner: "bob" }, ["owner"]],
    ["an agent that acted, not a person of that name", { agent: "seller" }, ["agent"]],
    ["an agent whose call was answered", { agent: "buyer" }, ["type"]],
    ["a tool", { tool: "first" }, ["first"]],
    ["a decision", { decision: "DENY" }, ["decision"]],
    ["a type", { type: "approval.settled" }, ["type"]],
    ["a time, inclusive", { from: NEW_YEAR + 1_000 }, ["later"]],
    ["an end, exclusive", { to: NEW_YEAR + 1_000, tenant: "other" }, ["tenant"]],
    ["several at once", { agent: "seller", decision: "DENY" }, []],
  ])("finds %s", async (_, filter, tools) => {
    const found: unknown[] = [];
    for await (const { record } of readLog(await filled(), filter)) found.push(record.action_type);
    expect(found).toEqual(tools);
  });

  it("merges streams of several pages by time, then by stream, and never holds all of them", async () => {
    const clock = fakeClock(NEW_YEAR);
    const store = memoryStore({ clock });
    const written: (readonly [at: number, stream: string, tool: string])[] = [];
    // Streams of 1,040, 1,560 and 2,080 lines, in turns of unequal length, several of them in the same millisecond.
    for (let round = 0; round < 520; round += 1) {
      for (const [stream, lines] of [
        ["w-1", 2],
        ["w-2", 3],
        ["w-3", 4],
      ] as const) {
        const records = Array.from({ length: lines }, (_, at) => told(`${stream} ${round}.${at}`));
        await store.commit([], { stream, records });
        written.push(...records.map(({ payload }) => [clock.now(), stream, String(payload.action_type)] as const));
        if ((round + lines) % 3 === 0) clock.advance(1);
      }
    }
    let [given, most, read] = [0, 0, 0];
    const counting: Store = {
      ...store,
      async lines(...asked) {
        const page = await store.lines(...asked);
        read += page.length;
        most = Math.max(most, read - given);
        return page;
      },
    };
    const found: unknown[] = [];
    for await (const { record } of readLog(counting)) {
      found.push(record.action_type);
      given += 1;
    }
    // Stable: the lines of one stream stay as they were written.
    const expected = written.toSorted(([at, name], [other, another]) => at - other || name.localeCompare(another));
    expect(found).toEqual(expected.map(([, , tool]) => tool));
    expect(read).toBe(4_680);
    expect(most).toBeLessThanOrEqual(3_003);
  });

  it("keeps each stream in its own order where times go back, and passes over streams without lines", async () => {
    const line = (stream: string, seq: number, ts: string) => ({
      stream,
      seq,
      line: JSON.stringify({ stream, seq, ts }),
    });
    const rows = {
      a: [line("a", 0, "2026-01-01T00:00:03.000Z"), line("a", 1, "2026-01-01T00:00:01.000Z")],
      b: [line("b", 0, "2026-01-01T00:00:02.000Z"), line("b", 1, "2026-01-01T00:00:04.000Z")],
      c: [],
    };
    const store = {
      ...memoryStore(),
      streams: async () => Object.keys(rows),
      lines: async (stream: string, from: number, limit = 1_000) =>
        rows[stream as keyof typeof rows].slice(from, from + limit),
    };
    const found: string[] = [];
    for await (const { record } of readLog(store)) found.push(`${record.stream}${record.seq}`);
    expect(found).toEqual(["b0", "a0", "a1", "b1"]);
  });

  it("ends where a store gives the same page for ever", async () => {
    const stuck = [{ stream: "w-1", seq: 0, line: '{"ts":"2026-01-01T00:00:00.000Z"}' }];
    const store = { ...(await filled()), streams: async () => ["w-1"], lines: async () => stuck };
    let lines = 0;
    for await (const _entry of readLog(store)) lines += 1;
    expect(lines).toBe(1);
  });

  it("refuses a line that is no JSON object", async () => {
    const store = { ...(await filled()), lines: async () => [{ stream: "w-1", seq: 0, line: "[" }] };
    await expect(readLog(store).next()).rejects.toMatchObject({ code: "LEASH_LOG_INVALID" });
  });
});
