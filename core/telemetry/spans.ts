import type * as OpenTelemetry from "@opentelemetry/api";
import type { Approval } from "../model/approval.ts";
import type { Action, ToolCall } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Json } from "../model/json.ts";
import type { Principal } from "../model/principal.ts";
import type { WatchedEnd } from "../model/telemetry.ts";
import type { ToolSpec } from "../model/tool.ts";
import { withoutRedacted } from "./content.ts";
import { ATTRIBUTES } from "./names.ts";

/** The span of one call. */
export interface CallSpan {
  readonly traceId: string | undefined;
  readonly traceparent: string | undefined;
  decided(action: Pick<Action, "actionId" | "digest"> | undefined, decision: Decision): void;
  asked(approval: Approval): void;
  settled(approval: Approval): void;
  started(input: Json): void;
  within<T>(work: () => T): T;
  returned(result: unknown): void;
  ended(end: WatchedEnd, error: unknown): void;
}

/** Whose span it is. */
export interface Spanned {
  readonly tool: ToolSpec | undefined;
  /** The registered name, or one that stands for all others. */
  readonly name: string;
  readonly call: ToolCall;
  readonly principal: Principal;
  /** True: with arguments and results. */
  readonly content: boolean;
}

type Api = typeof OpenTelemetry;

/** Begins the span `execute_tool {tool}` under the span that is active where the call is made. */
export function beginSpan(api: Api, spanned: Spanned): CallSpan {
  const { call, content, name, principal, tool } = spanned;
  const parent = api.context.active();
  const attributes: OpenTelemetry.Attributes = {
    [ATTRIBUTES.operation]: "execute_tool",
    [ATTRIBUTES.tool]: name,
    [ATTRIBUTES.toolType]: "function",
    [ATTRIBUTES.agent]: principal.agent,
    ...(call.callId !== undefined && { [ATTRIBUTES.callId]: call.callId }),
  };
  const kind = api.SpanKind.INTERNAL;
  const span = api.trace.getTracer("leashkit").startSpan(`execute_tool ${name}`, { kind, attributes }, parent);
  const context = api.trace.setSpan(parent, span);
  const { spanId, traceFlags, traceId } = span.spanContext();
  const isReal = api.isSpanContextValid(span.spanContext());
  const flags = traceFlags.toString(16).padStart(2, "0");
  let pause: OpenTelemetry.Span | undefined;
  return {
    traceId: isReal ? traceId : undefined,
    traceparent: isReal ? `00-${traceId}-${spanId}-${flags}` : undefined,
    decided: (action, decision) => void span.setAttributes(decisionAttributes(action, decision)),
    asked(approval) {
      span.setAttribute(ATTRIBUTES.approvalId, approval.id);
      pause = api.trace.getTracer("leashkit").startSpan("await_approval", { kind }, context);
      pause.setAttribute(ATTRIBUTES.approvalId, approval.id);
    },
    settled(approval) {
      pause?.setAttribute(ATTRIBUTES.answer, approval.status);
      pause?.end();
      pause = undefined;
    },
    started(input) {
      if (content) span.setAttribute(ATTRIBUTES.arguments, withoutRedacted(input, tool?.redact ?? []));
    },
    within: (work) => api.context.with(context, work),
    returned(result) {
      if (content) span.setAttribute(ATTRIBUTES.result, withoutRedacted(result, tool?.redact ?? []));
    },
    ended(end, error) {
      pause?.end();
      span.setAttribute(ATTRIBUTES.outcome, end);
      if (error !== undefined && end !== "pending") {
        // The class of the error, never its message: that may quote an argument.
        span.setAttribute(ATTRIBUTES.errorType, errorType(error));
        span.setStatus({ code: api.SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function decisionAttributes(
  action: Pick<Action, "actionId" | "digest"> | undefined,
  decision: Decision,
): OpenTelemetry.Attributes {
  const { effect, mode, policyDigest, reasonCode, rule, transform } = decision;
  const said = effect === "allow" && transform !== null ? "compute" : effect;
  return {
    [ATTRIBUTES.decision]: said,
    [ATTRIBUTES.effective]: mode === "observe" ? "observed" : said,
    [ATTRIBUTES.mode]: mode,
    [ATTRIBUTES.reasonCode]: reasonCode,
    [ATTRIBUTES.policyDigest]: policyDigest,
    ...(rule !== null && { [ATTRIBUTES.rule]: rule }),
    ...(action !== undefined && {
      [ATTRIBUTES.actionId]: action.actionId,
      [ATTRIBUTES.actionDigest]: action.digest,
    }),
  };
}

function errorType(error: unknown): string {
  if (typeof error !== "object" || error === null) return typeof error;
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === "string" && code.startsWith("LEASH_")) return code;
  return typeof name === "string" ? name.slice(0, 100) : "Error";
}
