import { LeashError } from "../../errors.ts";
import type { Sink, SinkLine } from "../../model/sink.ts";
import { readOptions } from "../../options.ts";
import { agentOf, type LogRecord, readRecord } from "../read-log.ts";
import { createPoster, readTarget, type TargetOptions } from "./post.ts";

export interface OtlpSinkOptions extends TargetOptions {
  /** Default `otlp`. */
  readonly name: string;
  /** Whether a call waits until the collector has taken its record. Default false. */
  readonly required: boolean;
  /** The resource's `service.name`. Default `leashkit`. */
  readonly serviceName: string;
}

const DEFAULTS: OtlpSinkOptions = {
  url: "",
  name: "otlp",
  required: false,
  serviceName: "leashkit",
  headers: {},
  bearer: null,
  timeoutMs: 10_000,
};

/**
 * Sends the log as OpenTelemetry log records, OTLP 1 over HTTP in JSON. The record's body is the line as it was hashed; what is in it
 * stands in attributes, too, after the GenAI conventions where these have a name and as `leash.*` otherwise.
 *
 * @param options `url` is the collector's address for logs, such as `http://localhost:4318/v1/logs`; it is used as it stands.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for options that cannot be used.
 * @example otlpSink({ url: "http://localhost:4318/v1/logs" });
 */
export function otlpSink(options: Partial<OtlpSinkOptions> & Pick<OtlpSinkOptions, "url">): Sink {
  const settings = readOptions("otlpSink", options, DEFAULTS);
  const { name, required, serviceName } = settings;
  const poster = createPoster(name, readTarget("otlpSink", settings));
  return {
    name,
    required,
    async accept(lines) {
      const answer = await poster.post(JSON.stringify(exportRequest(serviceName, lines)), {
        "content-type": "application/json",
      });
      const rejected = rejectedIn(answer);
      if (rejected === 0) return;
      throw new LeashError(
        "LEASH_CONFIG_INVALID",
        `The audit sink ${JSON.stringify(name)} rejected ${rejected} of ${lines.length} log records. Check the collector's limits; the lines stay in the store meanwhile.`,
      );
    },
    close: async () => undefined,
  };
}

/** `ExportLogsServiceRequest` in the JSON of OTLP: 64-bit numbers as text, ids as hex. */
function exportRequest(serviceName: string, lines: readonly SinkLine[]): object {
  const resource = { attributes: [attribute("service.name", serviceName)] };
  return {
    resourceLogs: [{ resource, scopeLogs: [{ scope: { name: "leashkit" }, logRecords: lines.map(logRecord) }] }],
  };
}

const INFO = { severityNumber: 9, severityText: "INFO" };
const WARN = { severityNumber: 13, severityText: "WARN" };

function logRecord(line: SinkLine): object {
  const record = readRecord(line);
  const nanoseconds = `${Date.parse(record.ts)}000000`;
  const isBad = record.decision === "DENY" || record.type === "failed" || record.type === "unknown";
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    ...(isBad ? WARN : INFO),
    eventName: `leash.${record.type}`,
    body: { stringValue: line.line },
    attributes: attributesOf(record),
    ...traceOf(record.trace_id),
  };
}

/** Told in members of their own, under a name of the conventions, or in the body alone. */
const LEFT_OUT = new Set(["v", "ts", "prev", "hash", "action_type"]);

function attributesOf(record: LogRecord): object[] {
  const agent = agentOf(record);
  const members = Object.entries(record).filter(([name, value]) => !LEFT_OUT.has(name) && value !== null);
  const tool = record.action_type;
  return [
    ...(agent === undefined ? [] : [attribute("gen_ai.agent.name", agent)]),
    ...(tool === undefined
      ? []
      : [attribute("gen_ai.operation.name", "execute_tool"), attribute("gen_ai.tool.name", tool)]),
    ...members.map(([name, value]) => attribute(`leash.${name}`, value)),
  ];
}

function attribute(key: string, value: unknown): object {
  if (typeof value === "boolean") return { key, value: { boolValue: value } };
  if (typeof value === "number") return { key, value: { intValue: String(value) } };
  return { key, value: { stringValue: String(value) } };
}

/** A W3C trace id: 32 hex digits, not all zero. Others stay an attribute. */
function traceOf(traceId: string | undefined): object {
  if (traceId === undefined) return {};
  if (/^(?!0{32})[0-9a-f]{32}$/u.test(traceId)) return { traceId };
  return {};
}

/** A collector may take some and say how many it did not (`partialSuccess`); no body at all means it took all. */
function rejectedIn(answer: string): number {
  try {
    const { partialSuccess } = JSON.parse(answer) as {
      readonly partialSuccess?: { readonly rejectedLogRecords?: string | number };
    };
    return Number(partialSuccess?.rejectedLogRecords ?? 0);
  } catch {
    return 0;
  }
}
