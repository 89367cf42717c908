import { draftApproval, openingChanges } from "../approvals/open.ts";
import { approvalRecord, decidedRecord, refusedRecord, type Origin } from "../audit/records.ts";
import { isLeashError, LeashError } from "../errors.ts";
import { freshEntry, journalId, writeEntry } from "../journal/entries.ts";
import type { ToolCall } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { AuthorizeOptions, GuardOptions } from "../model/leash.ts";
import type { Scope } from "./context.ts";
import { consume, type Grant, type Proposal, type Standing } from "./consume.ts";
import { decide, denial, isWithin, type Decided } from "./decide.ts";
import { adoptDeferral, deferralChange } from "./deferral.ts";
import { deny } from "./deny.ts";
import { current, untilSettled } from "./hold.ts";
import { lookUp, throwIfAborted, type Known } from "./lookup.ts";
import { deniedByApproval, deniedByPolicy } from "./refusals.ts";
import { seal } from "./seal.ts";

/** What asking for leave needs to know. `swap`: as `GuardOptions` says. */
export type AdmitOptions = AuthorizeOptions & Pick<GuardOptions<never>, "swap">;

/** What came of asking for leave: leave, or the news that the very same call already ran. */
export type Admission =
  | { readonly kind: "granted"; readonly grant: Grant }
  | { readonly kind: "done"; readonly proposal: Proposal; readonly entry: JournalEntry };

/** Steps 2 to 7 for a call that a framework proposes. */
export async function admitCall(scope: Scope, call: ToolCall, options: AdmitOptions): Promise<Admission> {
  const action = await sealOrRefuse(scope, call, options);
  const proposal = { action, proposedDigest: action.digest, journalId: journalId(action) };
  return admit(scope, proposal, action.identity === "ephemeral", options);
}

/**
 * Steps 3 to 7. Each round looks at the store anew, so it does not matter who moves a call on: this process, another one, or
 * the same one before a restart. `fresh` spares the first look for a call that nobody can have seen.
 */
export async function admit(
  scope: Scope,
  proposed: Proposal,
  fresh: boolean,
  options: AdmitOptions,
): Promise<Admission> {
  const signal = options.signal ?? new AbortController().signal;
  // Before anything is looked up: what a parent did not pass on, its results included, is not this child's.
  if (!isWithin(scope, proposed.action.tool)) return deny(scope, decide(scope, proposed.action), options);
  let proposal = proposed;
  let known: Known = { kind: "new", version: 0, entry: undefined };
  const tooLate = signal.aborted;
  for (let round = 0; round < MAX_LOOKS; round += 1) {
    if (round > 0 || !fresh) known = await lookUp(scope, proposal, signal);
    if (known.kind === "new" && options.pause === "defer") {
      const adopted = await adoptDeferral(scope, proposal);
      if (adopted !== undefined) {
        proposal = adopted;
        known = await lookUp(scope, proposal, signal);
      }
    }
    // What is recorded is no new leave: an abort does not make a call that ran one that did not.
    if (known.kind === "done") return { kind: "done", proposal, entry: known.entry };
    if (tooLate) throwIfAborted(signal);
    // A question that is open by now is withdrawn first, by its own wait.
    if (known.kind !== "held") throwIfAborted(signal);
    const standing = await standingOf(scope, proposal, known, options, signal);
    if (standing === undefined) continue;
    throwIfAborted(signal);
    const grant = await consume(scope, proposal, standing, options);
    if (grant !== undefined) return { kind: "granted", grant };
  }
  throw new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    "The rows of this call contradict each other or never rest. Nothing was run.",
  );
}

// Far beyond any contention; rows that somebody edited by hand must not keep a call looking for ever.
const MAX_LOOKS = 1_000;

/** Finds what the call may stand on, asking a person where the policy says so. Undefined: look again. */
async function standingOf(
  scope: Scope,
  proposal: Proposal,
  known: Exclude<Known, { kind: "done" }>,
  options: AdmitOptions,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  if (known.kind === "granted") {
    const { value: entry, version } = known.entry;
    const approval = entry.approvalId === null ? undefined : await current(scope, entry.approvalId);
    return { kind: "continued", version, entry, approval };
  }
  if (known.kind === "held") {
    const approval = await untilSettled(scope, known, options, signal);
    if (approval.value.status === "approved") {
      return { kind: "approved", version: known.entry.version, entry: known.entry.value, approval };
    }
    // Used by somebody else, or cancelled: the journal row tells what to do next.
    if (approval.value.status === "consumed" || approval.value.status === "cancelled") return undefined;
    throw deniedByApproval(approval.value);
  }
  const decided = decide(scope, proposal.action);
  if (decided.decision.effect === "approve" || decided.decision.effect === "step_up") {
    if (options.swap !== true && decided.action.tool !== proposal.action.tool)
      await denySwapped(scope, decided, options);
    await open(scope, proposal, decided, known, options);
    return undefined;
  }
  return {
    kind: "decided",
    version: known.version,
    entry: known.entry && { ...known.entry, approvalId: null },
    decided,
  };
}

/** Nobody is asked about what could not run whatever they say. */
function denySwapped(scope: Scope, { action }: Decided, options: AdmitOptions): Promise<never> {
  const { policy, mode } = scope.context;
  const decision = denial(
    policy,
    mode,
    "policy_error",
    "The policy puts a tool in the place of this one that cannot be run here.",
  );
  return deny(scope, { action, decision }, options);
}

/** Step 6: opens the one approval for this call. The next look finds it, or the one that somebody else opened first. */
async function open(
  scope: Scope,
  proposal: Proposal,
  { action, decision }: Decided,
  known: Extract<Known, { kind: "new" }>,
  options: AdmitOptions,
): Promise<void> {
  const { context } = scope;
  const approval = draftApproval(action, decision, context.store.now(), context.random);
  if (approval === undefined) {
    throw new LeashError(
      "LEASH_POLICY_INVALID",
      "The policy asks for a person without saying on what terms. Nothing was run.",
    );
  }
  const before = known.entry ?? freshEntry(proposal, action);
  const entry: JournalEntry = {
    ...before,
    state: "held",
    finalDigest: action.digest,
    tool: action.tool,
    approvalId: approval.id,
  };
  const changes = [
    writeEntry(proposal.journalId, entry, known.version),
    ...openingChanges(approval, proposal.proposedDigest),
    ...(options.pause === "defer" ? [await deferralChange(scope, proposal, approval)] : []),
  ];
  const ids = { approval_id: approval.id };
  const records = [decidedRecord(action, decision, options, ids), approvalRecord(approval, "approval.opened")];
  await context.store.commit(changes, { stream: context.stream, records });
}

async function sealOrRefuse(scope: Scope, call: ToolCall, origin: Origin): Promise<ReturnType<typeof seal>> {
  try {
    return seal(scope, call);
  } catch (cause) {
    const decision = unsealable(scope, call, cause);
    await recordRefusal(scope, call, decision, origin);
    throw deniedByPolicy(decision, { cause, problem: call.problem });
  }
}

/** The denial of a call that could not be sealed, whoever's fault it was. */
export function unsealable(scope: Scope, { tool }: ToolCall, cause: unknown): Decision {
  const { policy, mode, registry } = scope.context;
  // There are no arguments with which it would be any better.
  if (typeof tool === "string" && registry.get(tool.normalize("NFC")) === undefined) {
    return denial(policy, mode, "tool_unknown", "The tool is not registered with this leash.");
  }
  if (isLeashError(cause, "LEASH_INPUT_INVALID")) {
    return denial(policy, mode, "input_invalid", "The input is not plain JSON within the limits.");
  }
  return denial(policy, mode, "policy_error", "The call could not be sealed: something failed on our side.");
}

async function recordRefusal(scope: Scope, call: ToolCall, decision: Decision, origin: Origin): Promise<void> {
  const { store, stream } = scope.context;
  const records = [refusedRecord(scope.principal, toolName(call), decision, origin)];
  await store.commit([], { stream, records });
}

/** The name to log of a call that cannot be sealed; it may be anything, of any length. */
export function toolName(call: ToolCall): string {
  return typeof call.tool === "string" ? call.tool.slice(0, 200).toWellFormed() : "(not a name)";
}
