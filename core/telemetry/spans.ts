import type * as OpenTelemetry from "@opentelemetry/api";
import type { Approval } from "../model/approval.ts";
import type { Action, ToolCall } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Json } from "../model/json.ts";
import type { Principal } from "../model/principal.ts";
import type { Redaction } from "../model/redaction.ts";
import type { WatchedEnd } from "../model/telemetry.ts";
import { type Content, contentOf } from "./content.ts";
import { ATTRIBUTES, FINE } from "./names.ts";

/** The span of one call. */
export interface CallSpan {
  readonly traceId: string | undefined;
  readonly traceparent: string | undefined;
  decided(action: Pick<Action, "actionId" | "digest"> | undefined, decision: Decision): void;
  asked(approval: Approval): void;
  settled(approval: Approval): void;
  starting(input: Json, redaction: Redaction): void;
  within<T>(work: () => T): T;
  returned(result: unknown): void;
  ended(end: WatchedEnd, error: unknown): void;
}

/** Whose span it is. */
export interface Spanned {
  /** The registered name, or one that stands for all others. */
  readonly name: string;
  readonly call: ToolCall;
  readonly principal: Principal;
  /** With arguments and results, but for what these JSON pointers into the input and the call's own name; null: with neither. */
  readonly redact: readonly string[] | null;
}

type Api = typeof OpenTelemetry;

/** Begins the span `execute_tool {tool}` under the span that is active where the call is made. */
export function beginSpan(api: Api, spanned: Spanned): CallSpan {
  const { call, name, principal, redact } = spanned;
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
  let content: Content | undefined;
  return {
    traceId: isReal ? traceId : undefined,
    traceparent: isReal ? `00-${traceId}-${spanId}-${flags}` : undefined,
    decided: (action, decision) => void span.setAttributes(decisionAttributes(action, decision)),
    asked(approval) {
      pause?.end();
      span.setAttribute(ATTRIBUTES.approvalId, approval.id);
      pause = api.trace.getTracer("leashkit").startSpan("await_approval", { kind }, context);
      pause.setAttribute(ATTRIBUTES.approvalId, approval.id);
    },
    settled(approval) {
      pause?.setAttribute(ATTRIBUTES.answer, approval.status);
      pause?.end();
      pause = undefined;
    },
    starting(input, { input: named, output }) {
      if (redact === null) return;
      content = contentOf(input, { input: [...named, ...redact], output });
      span.setAttribute(ATTRIBUTES.arguments, content.input);
    },
    within: (work) => api.context.with(context, work),
    returned(result) {
      if (content !== undefined) span.setAttribute(ATTRIBUTES.result, content.result(result));
    },
    ended(end, error) {
      pause?.end();
      span.setAttribute(ATTRIBUTES.outcome, end);
      if (error !== undefined && !FINE.has(end)) {
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
