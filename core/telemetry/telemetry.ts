import type * as OpenTelemetry from "@opentelemetry/api";
import { isLeashError } from "../errors.ts";
import type { ToolCall } from "../model/call.ts";
import type { Principal } from "../model/principal.ts";
import type { CallWatch, TelemetryEntry, TelemetryOptions } from "../model/telemetry.ts";
import type { ToolSpec } from "../model/tool.ts";
import { FINE } from "./names.ts";
import { createMeters, type Meters } from "./metrics.ts";
import { beginSpan, type CallSpan } from "./spans.ts";

/** A call, before anything is known of it. */
export interface Proposed {
  readonly call: ToolCall;
  /** As registered; undefined where it is not. */
  readonly tool: ToolSpec | undefined;
  readonly principal: Principal;
}

/** Watches the calls of one leash. */
export interface Telemetry {
  begin(proposed: Proposed, options: { readonly traceId?: string }): CallWatch;
}

/**
 * Telemetry through the OpenTelemetry API: whatever SDK the program has registered gets it, and without one next to nothing
 * happens. The API is loaded here, and only here.
 * @param redact JSON pointers into the input of every tool, beside what tools and policies name.
 */
export async function openTelemetry(
  stated: true | TelemetryOptions,
  redact: readonly string[] = [],
): Promise<Telemetry> {
  const options: TelemetryOptions = stated === true ? {} : stated;
  const api = await import("@opentelemetry/api");
  const meters = options.metrics === false ? undefined : createMeters(api.metrics);
  return {
    begin({ call, principal, tool }, { traceId }) {
      const parts: Parts = { api, meters, options, tool: tool?.id ?? "_unknown", agent: principal.agent, traceId };
      const span =
        options.traces === false
          ? undefined
          : attempted(() =>
              beginSpan(api, { name: parts.tool, call, principal, redact: options.content ? redact : null }),
            );
      return watchOver(parts, span);
    },
  };
}

interface Parts {
  readonly api: typeof OpenTelemetry;
  readonly meters: Meters | undefined;
  readonly options: TelemetryOptions;
  readonly tool: string;
  readonly agent: string;
  readonly traceId: string | undefined;
}

function watchOver({ agent, meters, options, tool, traceId }: Parts, span: CallSpan | undefined): CallWatch {
  const began = performance.now();
  let started: number | undefined;
  let askedAt: number | undefined;
  let waited = 0;
  let known: Pick<TelemetryEntry, "action_id" | "effect" | "reason_code" | "approval_id"> = {};
  const trace = span?.traceId ?? traceId;
  const tell = (level: TelemetryEntry["level"], event: string, more: Partial<TelemetryEntry> = {}): void => {
    if (options.log === undefined) return;
    const entry = { level, event, tool, agent, ...known, ...more, ...(trace !== undefined && { trace_id: trace }) };
    quietly(() => options.log?.(entry));
  };
  return {
    traceId: trace,
    traceparent: span?.traceparent,
    decided(action, decision) {
      known = { effect: decision.effect, reason_code: decision.reasonCode };
      if (action !== undefined) known = { ...known, action_id: action.actionId };
      quietly(() => meters?.decided(tool, decision));
      quietly(() => span?.decided(action, decision));
    },
    asked(approval) {
      if (known.approval_id === approval.id && askedAt !== undefined) return;
      known = { ...known, approval_id: approval.id };
      // Another question about the same call, edited or asked anew: it still waits once.
      if (askedAt !== undefined) return quietly(() => span?.asked(approval));
      askedAt = performance.now();
      quietly(() => meters?.asked(tool));
      quietly(() => span?.asked(approval));
      tell("info", "approval.asked");
    },
    settled(approval) {
      if (askedAt === undefined) return;
      waited += performance.now() - askedAt;
      askedAt = undefined;
      quietly(() => meters?.settled(tool, approval));
      quietly(() => span?.settled(approval));
      tell("info", `approval.${approval.status}`);
    },
    starting: (input, redaction) => quietly(() => span?.starting(input, redaction)),
    run(work) {
      started = performance.now();
      const gated = (started - began - waited) / 1_000;
      quietly(() => meters?.gated(tool, gated));
      return span === undefined ? work() : span.within(work);
    },
    returned: (result) => quietly(() => span?.returned(result)),
    ended(end, error) {
      const now = performance.now();
      if (started !== undefined) {
        const ran = (now - started) / 1_000;
        quietly(() => meters?.ran(tool, ran, end));
      }
      const code = isLeashError(error) ? error.code : undefined;
      // Deferred or given up: this call waits no more, whoever answers.
      if (askedAt !== undefined) quietly(() => meters?.left(tool));
      quietly(() => span?.ended(end, error));
      tell(FINE.has(end) ? "info" : "warn", `call.${end}`, {
        duration_ms: Math.round(now - began),
        ...(code !== undefined && { error_code: code }),
      });
    },
  };
}

/** Who watches must not stand in the way of what is watched. */
function quietly(tell: () => unknown): void {
  try {
    tell();
  } catch {
    // Nobody can be told of it: whoever would be is who failed.
  }
}

function attempted<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
