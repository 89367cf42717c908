import type { WatchedEnd } from "../model/telemetry.ts";

/**
 * Names by the OpenTelemetry semantic conventions for generative AI (span `execute_tool`), and our own under `leash.`. Kept here:
 * the package that lists them marks them as deprecated since they moved.
 */
export const ATTRIBUTES = {
  operation: "gen_ai.operation.name",
  tool: "gen_ai.tool.name",
  toolType: "gen_ai.tool.type",
  callId: "gen_ai.tool.call.id",
  arguments: "gen_ai.tool.call.arguments",
  result: "gen_ai.tool.call.result",
  agent: "gen_ai.agent.name",
  errorType: "error.type",
  decision: "leash.decision",
  effective: "leash.effective",
  rule: "leash.rule",
  reasonCode: "leash.reason_code",
  policyDigest: "leash.policy.digest",
  mode: "leash.mode",
  actionId: "leash.action.id",
  actionDigest: "leash.action.digest",
  approvalId: "leash.approval.id",
  outcome: "leash.outcome",
  answer: "leash.approval.answer",
  method: "leash.approval.method",
} as const;

export const METRICS = {
  decisions: "leash.decisions",
  gateDuration: "leash.gate.duration",
  toolDuration: "leash.tool.duration",
  pending: "leash.approvals.pending",
  approvalDuration: "leash.approval.duration",
  settled: "leash.approvals.settled",
  hasty: "leash.approvals.hasty",
  pauses: "leash.pauses",
} as const;

/** A yes that comes sooner than this was hardly read. Milliseconds. */
export const HASTY_MS = 3_000;

/** Nothing is wrong with a call that ends so. */
export const FINE: ReadonlySet<WatchedEnd> = new Set(["done", "recorded", "pending", "suspended"] as const);
