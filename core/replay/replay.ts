import { LeashError } from "../errors.ts";
import type { Policy } from "../model/policy.ts";
import type { DecisionRecording } from "../model/recording.ts";
import type { NotReplayable, ReplayedBase, ReplayedCall, ReplaySummary } from "../model/replay.ts";
import { requireKey } from "../recording/options.ts";
import { wordOf } from "../recording/recorder.ts";
import { isDecision, readDecision } from "../recording/rows.ts";
import type { Store } from "../store/store.ts";
import { judgesOf, openShelf, type PolicyShelf } from "./archive.ts";
import { type CallFilter, type DecidedLine, decisionsIn } from "./calls.ts";
import { differences, flipOf, wordIn } from "./compare.ts";
import { isIntact, redecide } from "./redecide.ts";
import { createTally } from "./tally.ts";

export interface ReplayOptions extends CallFilter {
  readonly store: Store;
  /** The leash's `record.key`, where it has one. */
  readonly key?: Uint8Array | undefined;
  /** Decides in the place of the policy that was in force. Default: that one, from the archive. */
  readonly policy?: Policy | undefined;
  /** Demands the identical decision, not only the same answer. Not with `policy`. Default false. */
  readonly strict?: boolean | undefined;
  /** Policies of other engines that decided once: what the archive keeps of them cannot be made to decide again. */
  readonly policies?: readonly Policy[] | undefined;
}

/** Calls that are decided again as they are read, and what came of all of them. */
export interface Replay extends AsyncIterable<ReplayedCall> {
  /** Once all calls were decided again; does that where nobody reads them. */
  summary(): Promise<ReplaySummary>;
}

/**
 * Decides every call that the log tells of again, by the facts that were recorded with it: runs nothing, asks nothing, writes
 * nothing. A recording that is not what the log says is `tampered`.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for options that exclude one another; `LEASH_STORE_UNAVAILABLE`, while it is read.
 * @example
 * const summary = await replay({ store, policy: await loadPolicyFile("new.yaml") }).summary();
 * for (const { flip, tool, decisionId } of summary.flips) console.log(flip, tool, decisionId);
 */
export function replay(options: ReplayOptions): Replay {
  const { key, policy, strict } = options;
  if (policy !== undefined && strict === true) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "A strict replay demands the decisions of the policies that made them: it takes no other `policy`.",
    );
  }
  requireKey(key);
  const tally = createTally();
  const calls = replayAll(options, (call) => tally.add(call));
  return {
    [Symbol.asyncIterator]: () => calls,
    async summary() {
      for (;;) if ((await calls.next()).done === true) return tally.summary();
    },
  };
}

async function* replayAll(
  options: ReplayOptions,
  note: (call: ReplayedCall) => void,
): AsyncGenerator<ReplayedCall, void> {
  const shelf = openShelf(options.store, options.policies);
  for await (const page of decisionsIn(options.store, options)) {
    for (const call of await Promise.all(page.map((line) => replayOne(line, shelf, options)))) {
      if (call === undefined) continue;
      note(call);
      yield call;
    }
  }
}

/** Undefined for leave of which no decision is kept: the one that asked counts by itself. */
async function replayOne(
  line: DecidedLine,
  shelf: PolicyShelf,
  options: ReplayOptions,
): Promise<ReplayedCall | undefined> {
  const base: ReplayedBase = {
    decisionId: line.decision_id ?? null,
    at: line.at,
    tenant: line.tenant,
    agent: line.actor_id,
    tool: line.action_type ?? "",
  };
  const found = await recordingOf(line, options);
  if (found === "gone" && line.type === "granted") return undefined;
  if (typeof found === "string") return { ...base, result: "not_replayable", why: found };
  const problem = contradiction(line, found);
  if (problem !== undefined) return { ...base, result: "tampered", problem };
  return { ...base, ...(await decideAgain(found, shelf, options)) };
}

async function recordingOf(
  { decision_id: id, digest }: DecidedLine,
  { key, store }: ReplayOptions,
): Promise<DecisionRecording | NotReplayable> {
  if (digest === undefined) return "not_sealed";
  const opened = id === undefined ? undefined : await readDecision(store, id, key);
  if (opened === undefined) return "gone";
  if ("problem" in opened) return opened.problem;
  return isDecision(opened.recording) ? opened.recording : "unreadable";
}

/** In what a recording is not what the log says; undefined where it is. */
function contradiction(line: DecidedLine, recording: DecisionRecording): string | undefined {
  const { action, answered, decision } = recording;
  if (!isIntact(recording)) return "its input is not the one that its digest names";
  const { effect, reasonCode } = answered ?? decision;
  const isCompute = effect === "allow" && decision.digest !== action.digest;
  const told = isCompute ? "COMPUTE" : effect.toUpperCase();
  const pairs = [
    ["decision", line.decision, told],
    ["reason", line.reason_code, line.type === "granted" ? line.reason_code : reasonCode],
    ["digest", line.digest, decision.digest],
    ["input", line.input_ref, decision.digest === action.digest ? action.inputDigest : line.input_ref],
    ["tool", line.action_type, decision.tool],
    ["agent", line.actor_id, action.principal.agent],
    ["tenant", line.tenant, action.principal.tenant],
    ["policy", line.policy_digest, answered === undefined ? decision.policyDigest : line.policy_digest],
    ["rule", line.rule, answered === undefined ? decision.rule : line.rule],
  ] as const;
  const wrong = pairs.find(([, inLog, recorded]) => inLog !== recorded);
  return wrong === undefined ? undefined : `its ${wrong[0]} is not the one in the log`;
}

type Outcome = ReplayedCall extends infer Each
  ? Each extends ReplayedCall
    ? Omit<Each, keyof ReplayedBase>
    : never
  : never;

async function decideAgain(
  recording: DecisionRecording,
  shelf: PolicyShelf,
  { policy, strict }: ReplayOptions,
): Promise<Outcome> {
  if (recording.tooLarge !== undefined) return { result: "not_replayable", why: "too_large" };
  const judges = await judgesOf(shelf, recording, policy);
  if (judges === undefined) return { result: "not_replayable", why: "no_policy" };
  const again = await redecide(recording, judges);
  if (again === undefined) return { result: "not_replayable", why: "unreadable" };
  if (again.looked) return { result: "not_replayable", why: "redacted" };
  const after = wordOf(again.decision, again.action, recording.redacted !== undefined);
  const [was, now] = [wordIn(recording.decision), wordIn(after)];
  if (policy !== undefined && again.missing.length > 0) return { result: "unknown", was, now, missing: again.missing };
  const flip = flipOf(was, now);
  const members = strict === true || flip !== null ? differences(recording.decision, after) : [];
  return members.length === 0 ? { result: "same", was, now } : { result: "differs", was, now, flip, members };
}
