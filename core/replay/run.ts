import { readApproval } from "../approvals/rows.ts";
import { deniedByApproval, deniedByPolicy, refusalText } from "../enforce/refusals.ts";
import { readEntry } from "../journal/entries.ts";
import type { DecisionRecording, OutcomeRecording } from "../model/recording.ts";
import type { RecordedAnswer, RecordedCall, RecordedRun } from "../model/redrive.ts";
import { isDecision, isOutcome, listRecordings } from "../recording/rows.ts";
import { decisionsIn } from "./calls.ts";
import type { Store } from "../store/store.ts";

/**
 * Reads the calls of one session in the order in which the log tells of them, each with what its agent was given.
 *
 * @param options `key` is the leash's `record.key`, where it has one. `agent` leaves out those of other agents in the session.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE`.
 * @example const run = await readRun({ store, session: "thread-1" });
 */
export async function readRun(options: {
  readonly store: Store;
  readonly session: string;
  readonly agent?: string;
  readonly key?: Uint8Array;
}): Promise<RecordedRun> {
  const { agent, session, store } = options;
  const decisions = new Map<string, { readonly decisionId: string; readonly recording: DecisionRecording }>();
  const outcomes = new Map<string, OutcomeRecording>();
  let unreadable = 0;
  for await (const { id, opened } of listRecordings(store, { by: session, key: options.key })) {
    if ("problem" in opened) unreadable += 1;
    else if (isOutcome(opened.recording)) outcomes.set(nameOf(opened.recording), opened.recording);
    else if (isDecision(opened.recording)) {
      const { action } = opened.recording;
      const name = `${action.callKey}.${action.digest}`;
      // The same call proposed again is the same step of the run.
      if (!decisions.has(name) && (agent === undefined || action.principal.agent === agent))
        decisions.set(name, { decisionId: id, recording: opened.recording });
    }
  }
  const calls = new Map<string, RecordedCall>();
  for (const [name, { decisionId, recording }] of decisions) {
    const answer = await answerTo(store, name, recording, outcomes.get(name));
    calls.set(decisionId, { decisionId, recording, answer });
  }
  const ordered = await inOrder(store, calls);
  return { session, calls: ordered, unreadable: unreadable + calls.size - ordered.length };
}

/** In the order of the log: ids tell calls of one millisecond no order. What the log does not know of was no call. */
async function inOrder(store: Store, calls: ReadonlyMap<string, RecordedCall>): Promise<readonly RecordedCall[]> {
  const found: (readonly [at: number, call: RecordedCall])[] = [];
  for await (const page of decisionsIn(store, {})) {
    for (const { at, decision_id: id } of page) {
      const call = id === undefined ? undefined : calls.get(id);
      if (call !== undefined) found.push([at, call]);
    }
  }
  // Stable: lines of one stream stay in their order.
  return found.toSorted(([a], [b]) => a - b).map(([, call]) => call);
}

const nameOf = ({ callKey, proposedDigest }: OutcomeRecording): string => `${callKey}.${proposedDigest}`;

async function answerTo(
  store: Store,
  name: string,
  recording: DecisionRecording,
  outcome: OutcomeRecording | undefined,
): Promise<RecordedAnswer> {
  if (outcome !== undefined) return answerOf(outcome);
  if (recording.decision.mode === "observe") return { kind: "not_recorded", why: "it has no outcome" };
  const { effect, reasonCode } = recording.answered ?? recording.decision;
  if (effect === "deny") return refusal(deniedByPolicy({ reasonCode, reason: "It was denied." }));
  const approvalId = (await readEntry(store, name))?.value.approvalId ?? null;
  const approval = approvalId === null ? undefined : await readApproval(store, approvalId);
  if (approval === undefined) return { kind: "not_recorded", why: "it has no outcome" };
  if (approval.value.status === "pending") return { kind: "not_recorded", why: "it waits for a person" };
  if (approval.value.status === "denied" || approval.value.status === "expired" || approval.value.status === "revoked")
    return refusal(deniedByApproval(approval.value));
  return { kind: "not_recorded", why: "it has no outcome" };
}

function refusal(error: Error): RecordedAnswer {
  return { kind: "refused", error, text: refusalText(error) ?? "" };
}

function answerOf({ failure, notRecorded, output, redacted, state, tooLarge }: OutcomeRecording): RecordedAnswer {
  if (state === "unknown") return { kind: "not_recorded", why: "its outcome is unknown" };
  if (state === "failed") return { kind: "failed", name: failure?.kind ?? "Error" };
  if (notRecorded === true) return { kind: "not_recorded", why: "JSON cannot carry what it gave" };
  if (redacted === true) return { kind: "not_recorded", why: "what it gave was redacted" };
  if (tooLarge !== undefined) return { kind: "not_recorded", why: "what it gave was too large to keep" };
  return { kind: "result", ...(output !== undefined && { output }) };
}
