import { findAllowance, readAllowance } from "../approvals/allowances.ts";
import { draftApproval, openingChanges } from "../approvals/open.ts";
import { approvalRecord } from "../audit/approval-records.ts";
import { decidedRecord } from "../audit/records.ts";
import { LeashError } from "../errors.ts";
import { freshEntry, writeEntry } from "../journal/entries.ts";
import type { ToolCall } from "../model/call.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { AuthorizeOptions, GuardOptions } from "../model/gate.ts";
import { isAborted, throwIfAborted } from "./abort.ts";
import { decisionId, type Scope } from "./context.ts";
import { consume } from "./consume.ts";
import type { Grant, Standing } from "./standing.ts";
import { current } from "./current.ts";
import { decide, type Decided } from "./decide.ts";
import { denial } from "./denial.ts";
import { isWithin } from "./round.ts";
import { adoptDeferral, deferralChange } from "./deferral.ts";
import { deny } from "./deny.ts";
import { hold, type Question, untilSettled } from "./hold.ts";
import { lookUp, type Known } from "./lookup.ts";
import { changeNotice } from "./notice.ts";
import { proposalOf, type Proposal } from "./proposal.ts";
import { deniedByApproval } from "./refusals.ts";
import { refuseRemembered } from "./remembered.ts";
import { sealOrRefuse } from "./unsealable.ts";
import { WATCH, type Watched } from "./watched.ts";

/** What asking for leave needs to know. `swap`: as `GuardOptions` says. */
export type AdmitOptions = AuthorizeOptions & Pick<GuardOptions<never>, "swap"> & Watched;

/** What came of asking for leave: leave, or the news that the very same call already ran. */
export type Admission =
  | { readonly kind: "granted"; readonly grant: Grant }
  | { readonly kind: "done"; readonly proposal: Proposal; readonly entry: JournalEntry };

/** Steps 2 to 7 for a call that a framework proposes. */
export function admitCall(scope: Scope, call: ToolCall, options: AdmitOptions): Promise<Admission> {
  const sealed = sealOrRefuse(scope, call, options);
  if (sealed instanceof Promise) return sealed;
  return admit(scope, proposalOf(sealed, sealed.digest), sealed.identity === "ephemeral", options);
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
  // Before anything is looked up: what a parent did not pass on, its results included, is not this child's.
  if (!isWithin(scope, proposed.action.tool)) return deny(scope, await decide(scope, proposed.action), options);
  let proposal = proposed;
  const tooLate = isAborted(options.signal);
  for (let round = 0; round < MAX_LOOKS; round += 1) {
    const news = await lookOnce(scope, proposal, { fresh: fresh && round === 0, tooLate, options });
    if (news.kind === "granted" || news.kind === "done") return news;
    if (news.kind === "adopted") proposal = news.proposal;
    if (news.kind === "asked") await untilSettled(scope, news.question, options.signal);
  }
  throw new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    "The rows of this call contradict each other or never rest. Nothing was run.",
  );
}

/** What one look at the store comes to. The wait for a person is no part of it: while that lasts, nothing read is kept. */
type News =
  | Admission
  | { readonly kind: "adopted"; readonly proposal: Proposal }
  | { readonly kind: "asked"; readonly question: Question }
  | { readonly kind: "moved" };

const MOVED: News = { kind: "moved" };

interface Look {
  readonly fresh: boolean;
  /** The caller was gone before the call was proposed. */
  readonly tooLate: boolean;
  readonly options: AdmitOptions;
}

async function lookOnce(scope: Scope, proposal: Proposal, { fresh, options, tooLate }: Look): Promise<News> {
  const { signal } = options;
  const known = fresh ? NEVER_SEEN : await lookUp(scope, proposal, signal);
  const mayAdopt = known.kind === "new" && options.pause === "defer";
  const adopted = mayAdopt ? await adoptDeferral(scope, proposal) : undefined;
  if (adopted !== undefined) return { kind: "adopted", proposal: adopted };
  // What is recorded is no new leave: an abort does not make a call that ran one that did not.
  if (known.kind === "done") return { kind: "done", proposal, entry: known.entry };
  // A question that is open by now is withdrawn first, by its own wait.
  if (tooLate || known.kind !== "held") throwIfAborted(signal);
  if (known.kind === "held" && known.approval.value.status === "pending") {
    options[WATCH]?.asked(known.approval.value);
    return { kind: "asked", question: hold(scope, known, options) };
  }
  const standing = await standingOf(scope, proposal, known, options);
  if (standing === undefined) return MOVED;
  throwIfAborted(signal);
  const grant = await consume(scope, proposal, standing, options);
  return grant === undefined ? MOVED : { kind: "granted", grant };
}

const NEVER_SEEN: Known = { kind: "new", version: 0, entry: undefined };

// Far beyond any contention; rows that somebody edited by hand must not keep a call looking for ever.
const MAX_LOOKS = 1_000;

/** Finds what the call may stand on, asking a person where the policy says so. Undefined: look again. */
async function standingOf(
  scope: Scope,
  proposal: Proposal,
  known: Exclude<Known, { kind: "done" }>,
  options: AdmitOptions,
): Promise<Standing | undefined> {
  if (known.kind === "granted") {
    const { value: entry, version } = known.entry;
    const approval = entry.approvalId === null ? undefined : await current(scope, entry.approvalId);
    const { allowanceId: id } = entry;
    const allowance = id === undefined ? undefined : await readAllowance(scope.context.store, id);
    return { kind: "continued", version, entry, approval, allowance };
  }
  if (known.kind === "held") {
    const { approval } = known;
    options[WATCH]?.settled(approval.value);
    // An equal question that was kept back is told of now.
    scope.context.announce(approval.value);
    if (approval.value.status === "approved") {
      return { kind: "approved", version: known.entry.version, entry: known.entry.value, approval };
    }
    // Used by somebody else, or cancelled: the journal row tells what to do next.
    if (approval.value.status === "consumed" || approval.value.status === "cancelled") return undefined;
    throw deniedByApproval(approval.value);
  }
  const decided = await decide(scope, proposal.action);
  const entry = known.entry && { ...known.entry, approvalId: null };
  if (decided.decision.effect === "approve" || decided.decision.effect === "step_up") {
    const isSwapped = decided.action.tool !== proposal.action.tool;
    if (isSwapped && options.swap !== true) await denySwapped(scope, decided, options);
    await refuseRemembered(scope, proposal, decided, options);
    const { keys, store } = scope.context;
    const allowance = await findAllowance(store, decided, keys.publicKeys("approval"));
    if (allowance !== undefined) return { kind: "decided", version: known.version, entry, decided, allowance };
    await open(scope, proposal, decided, known, options);
    return undefined;
  }
  return { kind: "decided", version: known.version, entry, decided };
}

/** Nobody is asked about what could not run whatever they say. */
function denySwapped(scope: Scope, decided: Decided, options: AdmitOptions): Promise<never> {
  const reason = "The policy puts a tool in the place of this one that cannot be run here.";
  return deny(scope, decided, options, denial(scope, "policy_error", reason));
}

/** Step 6: opens the one approval for this call. The next look finds it, or the one that somebody else opened first. */
async function open(
  scope: Scope,
  proposal: Proposal,
  decided: Decided,
  known: Extract<Known, { kind: "new" }>,
  options: AdmitOptions,
): Promise<void> {
  const { context } = scope;
  const { action, decision } = decided;
  options[WATCH]?.decided(action, decision);
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
    // Whoever collects the call knows only what a person was shown.
    notice: changeNotice(proposal.action, action) ?? null,
  };
  const id = decisionId(scope);
  const changes = [
    writeEntry(proposal.journalId, entry, known.version),
    ...context.recorder.decision(id, decided),
    ...openingChanges(approval, proposal.proposedDigest),
    ...(options.pause === "defer" ? [await deferralChange(scope, proposal, approval)] : []),
  ];
  const ids = { approval_id: approval.id, decision_id: id };
  const records = [decidedRecord(action, decision, options, ids), approvalRecord(approval, "approval.opened")];
  await context.store.commit(changes, { stream: context.stream, records });
}
