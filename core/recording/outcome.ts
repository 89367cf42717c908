import type { Action } from "../model/call.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Json } from "../model/json.ts";
import type { OutcomeRecording } from "../model/recording.ts";
import type { Redaction } from "../model/redaction.ts";
import { type Pen, redactOutput } from "./redact.ts";

/** A run as it ended. */
export interface Ended {
  readonly proposed: Action;
  readonly action: Action;
  readonly entry: Pick<JournalEntry, "approvalId" | "attemptId" | "endedAt" | "failure" | "state">;
  /** Undefined where it gave nothing that JSON can carry; `value` is absent where it gave `undefined`. */
  readonly output: { readonly value?: Json } | undefined;
  readonly redaction: Redaction;
}

/** What is kept of it; undefined where it has not ended. */
export function outcomeBody(
  { action, entry, output, proposed }: Ended,
  pen: Pen | undefined,
  maxBytes: number,
): OutcomeRecording | undefined {
  const { approvalId, attemptId, endedAt, failure, state } = entry;
  if (state !== "done" && state !== "failed" && state !== "unknown") return undefined;
  return {
    v: 1,
    of: "outcome",
    actionId: proposed.actionId,
    callKey: proposed.callKey,
    proposedDigest: proposed.digest,
    digest: action.digest,
    tool: action.tool,
    attemptId,
    approvalId,
    endedAt,
    state,
    ...(state === "done" ? keptOutput(output, pen, maxBytes) : {}),
    ...(failure !== null && { failure }),
  };
}

function keptOutput(
  output: Ended["output"],
  pen: Pen | undefined,
  maxBytes: number,
): Pick<OutcomeRecording, "output" | "notRecorded" | "redacted" | "tooLarge"> {
  if (output === undefined) return { notRecorded: true };
  const { value } = output;
  if (value === undefined) return {};
  const kept = pen === undefined ? { output: value, redacted: false } : redactOutput(value, pen);
  const size = Buffer.byteLength(JSON.stringify(kept.output));
  if (size > maxBytes) return { tooLarge: size };
  return kept.redacted ? { output: kept.output, redacted: true } : { output: value };
}
