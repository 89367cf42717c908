import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Json } from "../model/json.ts";
import type { Narrowed } from "../model/leash.ts";
import type {
  DecisionRecording,
  OutcomeRecording,
  RecordedAction,
  RecordedDecision,
  RecordedFacts,
} from "../model/recording.ts";
import type { Redaction } from "../model/redaction.ts";
import type { ToolSpec } from "../model/tool.ts";
import type { Change } from "../store/store.ts";
import { sealBody } from "./cipher.ts";
import type { RecordSettings } from "./options.ts";
import { type Ended, outcomeBody } from "./outcome.ts";
import { type Blot, blotWith, type Pen, redact, type Redacted } from "./redact.ts";
import { keyOf, outcomeId } from "./rows.ts";

/** Everything that one decision heard. */
export interface Heard {
  readonly now: number;
  readonly counterparties: readonly (string | null)[];
  readonly answers: ReadonlyMap<string, Json | null>;
  readonly tools: ReadonlyMap<string, ToolSpec>;
  /** Digest of the policy in force. */
  readonly policy: string;
  readonly narrowings: readonly Narrowed[];
  /** The names of what the policies would ask about another form of the call. */
  needsOf(action: Action): ReadonlySet<string>;
  /** What of the calls of this tool is never written. */
  redaction(tool: string): Redaction;
}

/** A decision with what it was made of. */
export interface Told {
  /** The call as proposed, and after all transforms. */
  readonly proposed: Action;
  readonly action: Action;
  readonly decision: Decision;
  readonly heard: Heard;
  /** True where it is the word on two forms of the call, an approver's edit and the original: one hearing does not make it again. */
  readonly isJoint?: boolean;
}

/** Says what to keep of a call: changes for the very commit that tells of it. */
export interface Recorder {
  /** @param answered what the gate answers where that is not the policy's word. */
  decision(id: string, told: Told, answered?: Decision): readonly Change[];
  /**
   * The same of a decision by which a call runs, made when it is asked for: the run need not wait for what only a replay reads.
   * What may fail, redaction and its key, has been done by then.
   */
  leave(id: string, told: Told): () => readonly Change[];
  outcome(ended: Ended): readonly Change[];
}

/** Records nothing. */
export const NO_RECORDER: Recorder = { decision: () => [], leave: () => () => [], outcome: () => [] };

/** @param redactionKey made, or read, when something is redacted for the first time. */
export function createRecorder(
  settings: RecordSettings,
  sources: { readonly redactionKey: () => Uint8Array; readonly handlers: readonly string[] },
): Recorder {
  const { key, keepMs, maxBytes } = settings;
  let blot: Blot | undefined;
  const blotting = (): Blot => (blot ??= blotWith(sources.redactionKey()));
  const redactedOf = (input: Json, stated: readonly string[]): Redacted | undefined => {
    const pointers = settings.redact.length === 0 ? stated : [...stated, ...settings.redact];
    if (pointers.length === 0) return undefined;
    const found = redact(input, pointers, blotting());
    return found.met.length === 0 ? undefined : found;
  };
  const penFor = ({ proposed, redaction }: Ended): Pen | undefined => {
    const secret = redactedOf(proposed.input, redaction.input)?.values ?? [];
    const isPlain = secret.length === 0 && redaction.output.length === 0;
    return isPlain ? undefined : { pointers: redaction.output, secret, blot: blotting() };
  };
  const row = (id: string, session: string | null, at: number, body: DecisionRecording | OutcomeRecording): Change => ({
    kind: "recording",
    id,
    expect: 0,
    // The types of recordings are plain JSON; interfaces just lack the index signature.
    body: key === undefined ? (body as unknown as Json) : sealBody(key, id, body as unknown as Json),
    by: keyOf(session),
    dueAt: at + keepMs,
  });
  const outcomeOf = (ended: Ended): OutcomeRecording | undefined => {
    try {
      return outcomeBody(ended, penFor(ended), maxBytes);
    } catch {
      // It ran, and its outcome must stand: what cannot be redacted is left out.
      return outcomeBody({ ...ended, output: undefined }, undefined, maxBytes);
    }
  };
  const decided = (id: string, told: Told, answered?: Decision): (() => readonly Change[]) => {
    const { action, isJoint, proposed, heard } = told;
    const first = heard.redaction(proposed.tool);
    // Where the policy put another tool into its place, the same input is that one's, too.
    const last = action.tool === proposed.tool ? undefined : heard.redaction(action.tool);
    // A key that cannot be made is found out before anything runs.
    if (first.output.length > 0 || (last !== undefined && last.output.length > 0)) blotting();
    if (isJoint === true) return () => [];
    const redacted = redactedOf(proposed.input, last === undefined ? first.input : [...first.input, ...last.input]);
    return () => {
      const body = decisionBody(told, redacted, { maxBytes, handlers: sources.handlers });
      const other = answered && { answered: { effect: answered.effect, reasonCode: answered.reasonCode } };
      return [row(id, proposed.session, heard.now, other === undefined ? body : { ...body, ...other })];
    };
  };
  return {
    decision: (id, told, answered) => decided(id, told, answered)(),
    leave(id, told) {
      const recorded = decided(id, told);
      return () => {
        try {
          return recorded();
        } catch {
          // It ran, and its outcome must stand: what another engine said, and is no JSON, is left out.
          return [];
        }
      };
    },
    outcome(ended) {
      const { attemptId, endedAt } = ended.entry;
      if (!settings.outputs || attemptId === null) return [];
      const body = outcomeOf(ended);
      return body === undefined ? [] : [row(outcomeId(attemptId), ended.proposed.session, endedAt ?? 0, body)];
    },
  };
}

function decisionBody(
  { action, decision, heard, proposed }: Told,
  redacted: Redacted | undefined,
  { handlers, maxBytes }: { readonly handlers: readonly string[]; readonly maxBytes: number },
): DecisionRecording {
  const { narrowings } = heard;
  const text = redacted === undefined ? proposed.text : JSON.stringify(redacted.input);
  const facts = factsOf(heard, redacted && needsWithout(proposed, heard, redacted), handlers);
  const size = sizeOf(text, facts);
  const isTooLarge = size > maxBytes;
  return {
    v: 1,
    of: "decision",
    action: actionOf(proposed, isTooLarge ? undefined : text),
    facts: isTooLarge ? { ...facts, probes: {} } : facts,
    policy: heard.policy,
    ...(narrowings.length > 0 && {
      narrowings: narrowings.map(({ asks, policy, space, tools }) => ({
        ...(tools !== undefined && { tools }),
        ...(asks !== undefined && { asks }),
        ...(policy !== undefined && { policy: policy.digest, space }),
      })),
    }),
    decision: wordOf(decision, action, redacted !== undefined),
    ...(redacted !== undefined && { redacted: redacted.met }),
    ...(isTooLarge && { tooLarge: size }),
  };
}

/** The policy's word as it is kept. */
export function wordOf(decision: Decision, action: Action, isRedacted: boolean): RecordedDecision {
  const { over, shadow } = decision;
  // Written out, not put together: this is made for every call, and objects that are spread are slow to make.
  const word: RecordedDecision = {
    effect: decision.effect,
    rule: decision.rule,
    ruleDigest: decision.ruleDigest,
    reasonCode: decision.reasonCode,
    obligations: decision.obligations,
    terms: decision.terms,
    // Whom the call deals with, and by how much it passes a limit, is read from the input.
    counterparty: isRedacted ? null : decision.counterparty,
    proofTtlMs: decision.proofTtlMs,
    mode: decision.mode,
    policyId: decision.policyId,
    policyDigest: decision.policyDigest,
    digest: action.digest,
    tool: action.tool,
  };
  if (shadow === undefined && (over === undefined || isRedacted)) return word;
  return { ...word, ...(shadow !== undefined && { shadow }), ...(over !== undefined && !isRedacted && { over }) };
}

function actionOf(action: Action, text: string | undefined): RecordedAction {
  const {
    actionId,
    callKey,
    digest,
    identity,
    inputDigest,
    labels,
    principal,
    requestedAt,
    schemaDigest,
    session,
    tool,
  } = action;
  return {
    tool,
    ...(text !== undefined && { text }),
    digest,
    inputDigest,
    principal,
    session,
    identity,
    callKey,
    actionId,
    ...(Object.keys(labels).length > 0 && { labels }),
    schemaDigest,
    requestedAt,
  };
}

/** @param kept the names that may be written where something is redacted: others may hold what was. */
function factsOf(heard: Heard, kept: ReadonlySet<string> | undefined, handlers: readonly string[]): RecordedFacts {
  const probes: Record<string, Json> = {};
  for (const [name, answer] of heard.answers) if (kept?.has(name) !== false) probes[name] = answer;
  const tools: Record<string, RecordedFacts["tools"][string]> = {};
  for (const [name, tool] of heard.tools) tools[name] = recordedTool(tool);
  const { counterparties, now } = heard;
  const isTold = kept === undefined || counterparties.every((stated) => stated === null);
  return {
    now,
    ...(isTold && { counterparties }),
    probes,
    tools,
    ...(handlers.length > 0 && { handlers }),
  };
}

const recordedTools = new WeakMap<ToolSpec, RecordedFacts["tools"][string]>();

/** Made once for each registration, not for each call. */
function recordedTool(tool: ToolSpec): RecordedFacts["tools"][string] {
  const known = recordedTools.get(tool);
  if (known !== undefined) return known;
  const { decode: _back, encode: _forth, ...recorded } = tool;
  recordedTools.set(tool, recorded);
  return recorded;
}

/** What is asked whatever stood where something is redacted now; nothing of it can tell. */
function needsWithout(proposed: Action, heard: Heard, { input }: Redacted): ReadonlySet<string> {
  const { members: _laidOut, ...action } = proposed;
  return heard.needsOf({ ...action, input, text: JSON.stringify(input) });
}

function sizeOf(text: string, { probes }: RecordedFacts): number {
  let size = Buffer.byteLength(text);
  for (const name in probes) size += name.length + JSON.stringify(probes[name] ?? null).length;
  return size;
}
