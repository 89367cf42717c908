import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditRecord } from "../../model/audit.ts";
import { memoryStore } from "../../store/memory.ts";
import { type Collector, startCollector } from "./collector.fixture.ts";
import { otlpSink } from "./otlp.ts";
import { stored } from "./sinks.fixture.ts";

let collector: Collector;

beforeEach(async () => {
  collector = await startCollector();
});

afterEach(() => collector.kill());

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const denied: AuditRecord = {
  payload: {
    type: "decided",
    tenant: "acme",
    actor_type: "agent",
    actor_id: "shopper",
    action_type: "purchase",
    decision: "DENY",
    rule: null,
    signature_valid: true,
    subject: "ann",
  },
  envelope: { action_id: "a-1", trace_id: TRACE },
};
const answered: AuditRecord = {
  payload: { type: "approval.settled", tenant: "acme", actor_type: "person", actor_id: "bob", agent: "shopper" },
  envelope: { trace_id: "trace-1" },
};

interface Value {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly boolValue?: boolean;
}

interface LogRecord {
  readonly timeUnixNano: string;
  readonly body: Value;
  readonly attributes: readonly { readonly key: string; readonly value: Value }[];
}

/** What a peer that speaks OTLP/HTTP reads of a request: every member it does not know is an error to it. */
function readRequest(body: string): readonly LogRecord[] {
  const request = JSON.parse(body) as {
    resourceLogs: { resource: { attributes: unknown[] }; scopeLogs: { scope: unknown; logRecords: LogRecord[] }[] }[];
  };
  expect(Object.keys(request)).toEqual(["resourceLogs"]);
  const [resourceLogs] = request.resourceLogs;
  expect(resourceLogs?.resource).toEqual({ attributes: [{ key: "service.name", value: { stringValue: "shop" } }] });
  const records = resourceLogs?.scopeLogs.flatMap(({ logRecords }) => logRecords) ?? [];
  const known = [
    "timeUnixNano",
    "observedTimeUnixNano",
    "severityNumber",
    "severityText",
    "eventName",
    "body",
    "attributes",
    "traceId",
  ];
  for (const record of records) {
    expect(Object.keys(record).filter((name) => !known.includes(name))).toEqual([]);
    expect(record.timeUnixNano).toMatch(/^\d{19}$/u);
    for (const { value } of record.attributes) expect(Object.keys(value)).toHaveLength(1);
  }
  return records;
}

describe("otlpSink", () => {
  it("sends log records that a peer of OTLP over HTTP reads, with the conventions' names and ours", async () => {
    const store = memoryStore();
    await store.commit([], { stream: "w-1", records: [denied, answered] });
    const lines = await stored(store, "w-1");
    await otlpSink({ url: collector.url, serviceName: "shop" }).accept(lines);
    expect(collector.received[0]?.headers["content-type"]).toBe("application/json");
    const records = readRequest(collector.received[0]?.body ?? "");
    expect(records.map(({ body }) => body.stringValue)).toEqual(lines.map(({ line }) => line));
    const attributes = Object.fromEntries((records[0]?.attributes ?? []).map(({ key, value }) => [key, value]));
    expect(attributes).toMatchObject({
      "gen_ai.operation.name": { stringValue: "execute_tool" },
      "gen_ai.tool.name": { stringValue: "purchase" },
      "gen_ai.agent.name": { stringValue: "shopper" },
      "leash.decision": { stringValue: "DENY" },
      "leash.stream": { stringValue: "w-1" },
      "leash.seq": { intValue: "0" },
      "leash.subject": { stringValue: "ann" },
      "leash.signature_valid": { boolValue: true },
    });
    expect(attributes).not.toHaveProperty("leash.rule");
    expect(records[0]).toMatchObject({ traceId: TRACE, severityText: "WARN", eventName: "leash.decided" });
    expect(records[1]).toMatchObject({ severityText: "INFO", eventName: "leash.approval.settled" });
    expect(records[1]).not.toHaveProperty("traceId");
    const nanoseconds = BigInt(Date.parse((JSON.parse(lines[0]?.line ?? "") as { ts: string }).ts)) * 1_000_000n;
    expect(BigInt(records[0]?.timeUnixNano ?? "0")).toBe(nanoseconds);
  });

  it("has not handed over what the collector says it rejected", async () => {
    const store = memoryStore();
    await store.commit([], { stream: "w-1", records: [denied] });
    const sink = otlpSink({ url: collector.url, serviceName: "shop" });
    const lines = await stored(store, "w-1");
    collector.answers.push({
      status: 200,
      body: '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}',
    });
    await expect(sink.accept(lines)).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
    collector.answers.push({ status: 200, body: '{"partialSuccess":{}}' }, { status: 200, body: "" }, { status: 503 });
    await sink.accept(lines);
    await sink.accept(lines);
    await expect(sink.accept(lines)).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
  });
});
