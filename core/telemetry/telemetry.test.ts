import { context, metrics, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BUY, leashThatSays, settle } from "../enforce/leash.fixture.ts";
import { currentPermit } from "../enforce/permit.ts";
import type { TelemetryEntry } from "../model/telemetry.ts";

const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
const meters = new MeterProvider({ readers: [reader] });
const SECRET = "sk-live-51Hx8planted";

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  metrics.setGlobalMeterProvider(meters);
});
afterAll(async () => {
  trace.disable();
  metrics.disable();
  context.disable();
  await meters.shutdown();
});
beforeEach(() => spans.reset());

const toolSpan = (): ReadableSpan => {
  const found = spans.getFinishedSpans().find(({ name }) => name.startsWith("execute_tool"));
  if (found === undefined) throw new Error("there is no span of a tool");
  return found;
};

async function valueOf(name: string): Promise<readonly (readonly [attributes: object, value: unknown])[]> {
  await reader.forceFlush();
  const all =
    measured
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  return all
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => dataPoints.map((point) => [point.attributes, point.value] as const));
}

describe("telemetry", () => {
  it("tells of a call in one span by the conventions, under the span that is active where it is made", async () => {
    const { leash, log } = await leashThatSays({ effect: "allow" }, { telemetry: true });
    const tracer = trace.getTracer("test");
    let inner = "";
    let traceparent = "";
    await tracer.startActiveSpan("turn", async (turn) => {
      await leash.guard(BUY, () => {
        traceparent = currentPermit()?.traceparent ?? "";
        tracer.startSpan("http").end();
        inner = trace.getActiveSpan()?.spanContext().spanId ?? "";
        return "booked";
      });
      turn.end();
    });
    const [http, tool, turn] = spans.getFinishedSpans();
    expect(tool?.name).toBe("execute_tool buy");
    expect(tool?.parentSpanContext?.spanId).toBe(turn?.spanContext().spanId);
    expect(http?.parentSpanContext?.spanId).toBe(tool?.spanContext().spanId);
    expect(inner).toBe(tool?.spanContext().spanId);
    expect(traceparent).toBe(`00-${tool?.spanContext().traceId}-${inner}-01`);
    const granted = (await log()).find((line) => line["type"] === "granted");
    expect(granted?.["trace_id"]).toBe(tool?.spanContext().traceId);
    expect(tool?.attributes).toMatchObject({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "buy",
      "gen_ai.tool.call.id": "call-1",
      "gen_ai.agent.name": "agent",
      "leash.decision": "allow",
      "leash.mode": "enforce",
      "leash.action.digest": granted?.["digest"],
      "leash.outcome": "done",
    });
    expect(tool?.attributes).not.toHaveProperty("gen_ai.tool.call.arguments");
  });

  it("tells of the wait for a person, and counts it", async () => {
    const { leash } = await leashThatSays({ effect: "approve" }, { telemetry: true });
    const running = leash.guard(BUY, () => "booked");
    await settle(leash, "approve");
    await running;
    const pause = spans.getFinishedSpans().find(({ name }) => name === "await_approval");
    expect(pause?.parentSpanContext?.spanId).toBe(toolSpan().spanContext().spanId);
    expect(pause?.attributes["leash.approval.answer"]).toBe("approved");
    expect(await valueOf("leash.approvals.pending")).toEqual([[{ "gen_ai.tool.name": "buy" }, 0]]);
    expect(await valueOf("leash.approvals.hasty")).toEqual([[{ "gen_ai.tool.name": "buy" }, 1]]);
    expect((await valueOf("leash.decisions")).map(([attributes]) => attributes)).toContainEqual({
      "gen_ai.tool.name": "buy",
      "leash.decision": "approve",
      "leash.mode": "enforce",
    });
  });

  it("leaves nothing pending where a call is deferred", async () => {
    const { leash } = await leashThatSays({ effect: "approve" }, { telemetry: true });
    await expect(leash.guard({ ...BUY, tool: "reserve" }, () => "x", { pause: "defer" })).rejects.toThrow();
    const pending = await valueOf("leash.approvals.pending");
    expect(pending.find(([attributes]) => Object.values(attributes)[0] === "reserve")?.[1]).toBe(0);
    expect(toolSpan().attributes["leash.outcome"]).toBe("pending");
    expect(toolSpan().status.code).toBe(0);
  });

  it("names what is refused and what fails by class and code, never by message", async () => {
    const denied = await leashThatSays({ effect: "deny" }, { telemetry: true });
    await expect(denied.leash.guard(BUY, () => "x")).rejects.toThrow();
    expect(toolSpan().attributes).toMatchObject({ "leash.outcome": "refused", "error.type": "LEASH_DENIED" });
    spans.reset();
    const allowed = await leashThatSays({ effect: "allow" }, { telemetry: true });
    const fail = (): never => {
      throw new RangeError(SECRET);
    };
    await expect(allowed.leash.guard(BUY, fail)).rejects.toThrow(SECRET);
    expect(toolSpan().attributes).toMatchObject({ "leash.outcome": "failed", "error.type": "RangeError" });
    expect(toolSpan().status.code).toBe(2);
  });

  it("says OBSERVED of what only is observed", async () => {
    const { leash } = await leashThatSays({ effect: "deny" }, { telemetry: true, mode: "observe" });
    await leash.guard(BUY, () => "booked");
    expect(toolSpan().attributes).toMatchObject({ "leash.decision": "deny", "leash.effective": "observed" });
  });

  it("carries arguments and results only where it is told to, and without what is to be redacted", async () => {
    const { leash } = await leashThatSays({ effect: "allow" }, { telemetry: { content: true } });
    leash.register({ id: "pay", redact: ["/card", "/list/*/key"] });
    const input = { card: SECRET, amount: 5, list: [{ key: SECRET, name: "a" }] };
    await leash.guard({ tool: "pay", input }, () => ({ card: SECRET, ok: true }));
    expect(toolSpan().attributes["gen_ai.tool.call.arguments"]).toBe(
      '{"amount":5,"card":{"redacted":true},"list":[{"key":{"redacted":true},"name":"a"}]}',
    );
    expect(toolSpan().attributes["gen_ai.tool.call.result"]).toBe("[redacted]");
  });

  it("carries what is sealed and never what a decoder makes of it, by the redaction of the tool that runs", async () => {
    const { leash } = await leashThatSays(
      { effect: "allow" },
      { telemetry: { content: true }, record: { redact: ["/pin"] } },
    );
    const decode = (input: unknown): string => JSON.stringify(input);
    leash.register({ id: "pay", redact: ["/card/number"], decode });
    const input = { card: { number: SECRET }, pin: SECRET };
    await leash.guard({ tool: "pay", input }, () => ({ fine: true }));
    expect(JSON.stringify(toolSpan().attributes)).not.toContain(SECRET);
    expect(toolSpan().attributes["gen_ai.tool.call.result"]).toBe('{"fine":true}');
    spans.reset();
    const observing = await leashThatSays({ effect: "deny" }, { telemetry: { content: true }, mode: "observe" });
    observing.leash.register({ id: "say", redact: ["/input"] });
    await observing.leash.guard({ tool: "say", input: SECRET }, () => "said");
    expect(JSON.stringify(toolSpan().attributes)).not.toContain(SECRET);
  });

  it("takes a framework's pause for none of the call's errors", async () => {
    const { leash } = await leashThatSays({ effect: "approve" }, { telemetry: true });
    const pause = (): never => {
      throw new Error("interrupt");
    };
    await expect(leash.guard(BUY, () => "x", { pause })).rejects.toThrow("interrupt");
    expect(toolSpan().attributes["leash.outcome"]).toBe("suspended");
    spans.reset();
    const running = await leashThatSays({ effect: "allow" }, { telemetry: true });
    await expect(running.leash.guard(BUY, pause, { suspends: () => true })).rejects.toThrow("interrupt");
    expect(toolSpan().attributes["leash.outcome"]).toBe("suspended");
    expect(toolSpan().status.code).toBe(0);
  });

  it("says failed of a tool whose own call was refused, and keeps the trace id that the caller stated", async () => {
    const { leash, log } = await leashThatSays({ effect: "allow" }, { telemetry: true });
    const inner = (): Promise<unknown> => leash.guard({ tool: "nobody", input: {} }, () => "x");
    await expect(leash.guard(BUY, inner, { traceId: "0af7651916cd43dd8448eb211c80319c" })).rejects.toThrow();
    const outer = spans.getFinishedSpans().find(({ name }) => name === "execute_tool buy");
    expect(outer?.attributes["leash.outcome"]).toBe("failed");
    const granted = (await log()).find((line) => line["type"] === "granted");
    expect(granted?.["trace_id"]).toBe("0af7651916cd43dd8448eb211c80319c");
  });

  it("has no secret of arguments, results, errors and scopes in spans, metrics and entries", async () => {
    const entries: TelemetryEntry[] = [];
    const { leash } = await leashThatSays({ effect: "allow" }, { telemetry: { log: (entry) => entries.push(entry) } });
    const call = { tool: "buy", input: { key: SECRET }, session: SECRET };
    await leash.guard(call, () => ({ token: SECRET }));
    await leash.guard({ ...call, tool: SECRET }, () => "x").catch(() => undefined);
    await leash.guard(call, () => Promise.reject(new Error(SECRET))).catch(() => undefined);
    await reader.forceFlush();
    const told = spans
      .getFinishedSpans()
      .map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    expect(JSON.stringify([told, entries, measured.getMetrics()])).not.toContain(SECRET);
    expect(entries.map(({ event, tool }) => `${event} ${tool}`)).toEqual([
      "call.done buy",
      "call.refused _unknown",
      "call.failed buy",
    ]);
  });

  it("does not depend on who watches: a log that throws changes nothing", async () => {
    const log = (): never => {
      throw new Error("full");
    };
    const { leash } = await leashThatSays({ effect: "allow" }, { telemetry: { log } });
    expect(await leash.guard(BUY, () => "booked")).toBe("booked");
    // Nobody but the gate says who watches.
    const forged = { adapter: "x", watch: { decided: log, run: log, ended: log } };
    const { leash: unwatched } = await leashThatSays({ effect: "allow" });
    expect(await unwatched.guard(BUY, () => "booked", forged)).toBe("booked");
  });

  it("costs no span and no metric where it is off", async () => {
    const { leash } = await leashThatSays({ effect: "allow" });
    await leash.guard(BUY, () => currentPermit()?.traceparent);
    expect(spans.getFinishedSpans()).toEqual([]);
  });
});
