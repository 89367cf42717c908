import type { Attributes, MetricsAPI } from "@opentelemetry/api";
import type { Approval } from "../model/approval.ts";
import type { Decision } from "../model/decision.ts";
import { ATTRIBUTES, HASTY_MS, METRICS } from "./names.ts";

/** What is counted of calls. Tools are named only where they are registered, so that nobody can make names without end. */
export interface Meters {
  decided(tool: string, decision: Decision): void;
  asked(tool: string): void;
  settled(tool: string, approval: Approval): void;
  /** A call stopped waiting while its question was open. */
  left(tool: string): void;
  /** Seconds from the proposal to the tool's start, without the wait for a person. */
  gated(tool: string, seconds: number): void;
  ran(tool: string, seconds: number, outcome: string): void;
}

export function createMeters(metrics: MetricsAPI): Meters {
  const meter = metrics.getMeter("leashkit");
  const count = (name: string, unit: string, description: string) =>
    meter.createCounter(name, { unit: `{${unit}}`, description });
  const seconds = (name: string, description: string) => meter.createHistogram(name, { unit: "s", description });
  const decisions = count(METRICS.decisions, "decision", "Decisions, by effect");
  const gate = seconds(METRICS.gateDuration, "From the proposal to the tool's start, without the wait for a person");
  const tool = seconds(METRICS.toolDuration, "How long tools run");
  const pending = meter.createUpDownCounter(METRICS.pending, {
    unit: "{approval}",
    description: "Questions that calls of this process wait for",
  });
  const approval = seconds(METRICS.approvalDuration, "From the question to the answer that ended it");
  const settled = count(METRICS.settled, "approval", "Questions that ended, by answer and method");
  const hasty = count(METRICS.hasty, "approval", "Yeses that came too soon to have been read");
  const pauses = count(METRICS.pauses, "pause", "Calls that waited for a person");
  const about = (name: string, more: Attributes = {}): Attributes => ({ [ATTRIBUTES.tool]: name, ...more });
  return {
    decided: (name, { effect, mode }) =>
      decisions.add(1, about(name, { [ATTRIBUTES.decision]: effect, [ATTRIBUTES.mode]: mode })),
    asked(name) {
      pending.add(1, about(name));
      pauses.add(1, about(name));
    },
    settled(name, { openedAt, settledAt, status, verdicts }) {
      pending.add(-1, about(name));
      const method = verdicts.at(-1)?.method ?? "none";
      const attributes = about(name, { [ATTRIBUTES.answer]: status, [ATTRIBUTES.method]: method });
      settled.add(1, attributes);
      if (settledAt === null) return;
      approval.record((settledAt - openedAt) / 1_000, attributes);
      const isYes = status === "approved" || status === "consumed";
      if (isYes && settledAt - openedAt < HASTY_MS) hasty.add(1, about(name));
    },
    left: (name) => pending.add(-1, about(name)),
    gated: (name, taken) => gate.record(taken, about(name)),
    ran: (name, taken, outcome) => tool.record(taken, about(name, { [ATTRIBUTES.outcome]: outcome })),
  };
}
