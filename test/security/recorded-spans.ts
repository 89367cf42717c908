import {
  type Attributes,
  type AttributeValue,
  context,
  INVALID_SPAN_CONTEXT,
  type Span,
  trace,
} from "@opentelemetry/api";

/** All that spans were told, as text. */
export interface Recorded {
  texts(): readonly string[];
  /** Takes the recorder out again. */
  stop(): void;
}

/** Stands in the place of an SDK and keeps whatever reaches it. */
export function recordSpans(): Recorded {
  const texts: string[] = [];
  const keep = (...told: readonly unknown[]): void =>
    void texts.push(
      told.map((part) => (part instanceof Error ? `${part.message} ${part.stack}` : JSON.stringify(part))).join(" "),
    );
  const spanNamed = (name: string, attributes: Attributes | undefined): Span => {
    keep(name, attributes);
    const span: Span = {
      spanContext: () => ({ ...INVALID_SPAN_CONTEXT, traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 }),
      setAttribute: (key: string, value: AttributeValue) => (keep(key, value), span),
      setAttributes: (all: Attributes) => (keep(all), span),
      addEvent: (event: string, more?: unknown) => (keep(event, more), span),
      addLink: (link: unknown) => (keep(link), span),
      addLinks: (links: unknown) => (keep(links), span),
      setStatus: (status: unknown) => (keep(status), span),
      updateName: (other: string) => (keep(other), span),
      end: () => undefined,
      isRecording: () => true,
      recordException: (exception: unknown) => keep(exception),
    };
    return span;
  };
  trace.disable();
  trace.setGlobalTracerProvider({
    getTracer: () => ({
      startSpan: (name, options) => spanNamed(name, options?.attributes),
      startActiveSpan: () => {
        throw new Error("Nothing here starts an active span.");
      },
    }),
  });
  return {
    texts: () => texts,
    stop() {
      trace.disable();
      context.disable();
    },
  };
}
