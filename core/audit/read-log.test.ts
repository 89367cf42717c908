import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../model/audit.ts";
import { memoryStore } from "../store/memory.ts";
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
    ["everything, stream by stream", {}, ["later", "first", "tenant", "owner", "agent", "decision", "type"]],
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

  it("refuses a line that is no JSON object", async () => {
    const store = { ...(await filled()), lines: async () => [{ stream: "w-1", seq: 0, line: "[" }] };
    await expect(readLog(store).next()).rejects.toMatchObject({ code: "LEASH_LOG_INVALID" });
  });
});
