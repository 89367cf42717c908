import {
  type AgainChoice,
  type Answering,
  type Approval,
  type ApprovalGroup,
  ask,
  card,
  type Desk,
  displayName,
  duration,
  isInteractive,
  scopeInWords,
  statusLine,
  type ApproveOptions,
  type SettleOptions,
} from "@leashkit/core";

import { inColumns } from "./columns.ts";
import { EXIT, type Exit, UsageError } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withDesk, withSigningDesk } from "./state.ts";

export interface AnswerOptions extends CommonOptions {
  readonly reason?: string;
  readonly yes?: boolean;
  /** Also for the equal calls that wait. */
  readonly equal?: boolean;
}

export interface ApproveCommandOptions extends AnswerOptions {
  readonly again?: true | string;
}

/** `leash approvals list`: what waits, oldest first, equal calls on one row; the calls themselves are shown by `show`. */
export async function listApprovals(io: Io, options: CommonOptions): Promise<Exit> {
  if (options.json === true) {
    const pending = await withDesk(options, ({ desk }) => desk.pending());
    for (const approval of pending) writeJson(io.stdout, asJson(approval));
    return EXIT.fine;
  }
  const groups = await withDesk(options, ({ desk }) => desk.groups());
  const shown = `${table(groups, Date.now())}\n\nSee one in full: leash approvals show REF\n`;
  io.stdout.write(groups.length === 0 ? "Nothing waits for a person.\n" : shown);
  return EXIT.fine;
}

/** `leash approvals show`: the whole card. What programs get (`--json`) nobody was shown. */
export async function showApproval(io: Io, ref: string, options: CommonOptions): Promise<Exit> {
  return withDesk(options, async ({ desk }) => {
    const approval = await desk.get(ref);
    if (options.json === true) {
      writeJson(io.stdout, asJson(approval));
      return EXIT.fine;
    }
    io.stdout.write(`${card(approval, { now: Date.now(), columns: io.stdout.columns })}\n`);
    await desk.viewed(approval.id);
    return EXIT.fine;
  });
}

/** `leash approvals approve`: shows the card and asks to confirm, unless told `--yes`. */
export async function approve(io: Io, ref: string, options: ApproveCommandOptions): Promise<Exit> {
  if (options.yes !== true && !isInteractive({ input: io.stdin, output: io.stderr })) {
    throw new UsageError(
      "approving shows the call and asks to confirm, which needs a terminal; after `leash approvals show` you can pass --yes",
    );
  }
  return withSigningDesk(options, async ({ desk }) => {
    const approval = await desk.get(ref);
    const ids = await idsFor(desk, approval, options);
    const equal = ids.length - 1;
    const said = options.yes === true ? settleOptions(options) : await confirm(io, { desk, approval, equal }, options);
    if (said === undefined) {
      io.stderr.write(`Not approved. ${statusLine(await desk.get(approval.id))}\n`);
      return EXIT.finding;
    }
    return answered(io, await answerAll(desk.approve, ids, { ...said, ...againOf(options) }), options);
  });
}

/** The standing yes that goes with the answer: all that the policy lets an approver permit, or fewer calls. */
function againOf({ again, equal }: ApproveCommandOptions): ApproveOptions {
  if (again === undefined) return {};
  if (equal === true) throw new UsageError("--again is about one call: leave --equal out");
  if (again === true) return { again };
  const uses = Number(again);
  if (!Number.isSafeInteger(uses) || uses < 1) throw new UsageError("--again takes a number of calls, from 1 on");
  return { again: { uses } };
}

/** `leash approvals revoke`: takes back a yes that was not used yet. */
export async function revoke(io: Io, ref: string, options: AnswerOptions): Promise<Exit> {
  return withSigningDesk(options, async ({ desk }) =>
    answered(io, [await desk.revoke(ref, settleOptions(options))], options),
  );
}

/** `leash approvals deny`. */
export async function deny(io: Io, ref: string, options: AnswerOptions): Promise<Exit> {
  return withSigningDesk(options, async ({ desk }) => {
    const ids = await idsFor(desk, await desk.get(ref), options);
    return answered(io, await answerAll(desk.deny, ids, settleOptions(options)), options);
  });
}

/** The approvals that an answer is for: under `--equal` also those that differ in nothing that a person decides by. */
async function idsFor(desk: Desk, { id }: Approval, { equal }: AnswerOptions): Promise<readonly string[]> {
  if (equal !== true) return [id];
  return (await desk.groups()).find(({ ids }) => ids.includes(id))?.ids ?? [id];
}

async function answerAll<Options extends SettleOptions>(
  answer: Answering<Options>,
  ids: readonly string[],
  options: Options,
): Promise<readonly Approval[]> {
  const [only, ...others] = ids;
  return only !== undefined && others.length === 0 ? [await answer(only, options)] : answer(ids, options);
}

/** What the person says with their yes; undefined where they do not say it. */
async function confirm(
  io: Io,
  { approval, desk, equal }: { readonly approval: Approval; readonly desk: Desk; readonly equal: number },
  options: ApproveCommandOptions,
): Promise<SettleOptions | undefined> {
  if (approval.status !== "pending") return undefined;
  io.stderr.write(`${card(approval, { now: Date.now(), columns: io.stderr.columns })}\n`);
  const told = desk.viewed(approval.id);
  const permitted = permittedBy(approval, options);
  if (permitted !== undefined)
    io.stderr.write(`${scopeInWords(approval, permitted, { columns: io.stderr.columns })}\n`);
  const calls = equal === 0 ? "this call once" : `this call and ${equal} equal ones, each once`;
  const more = permitted === undefined ? "" : ", and permit all that";
  const keyboard = { input: io.stdin, output: io.stderr };
  const line = await ask(`Run exactly ${calls}${more}? Type yes to approve ${displayName(approval.ref)}: `, keyboard);
  await told;
  if (line === undefined || !["y", "yes"].includes(line.toLowerCase())) return undefined;
  if (!approval.terms.reasonRequired || options.reason !== undefined) return settleOptions(options);
  const reason = await ask("Reason: ", keyboard);
  return reason === undefined ? undefined : { reason };
}

/** The standing yes in full; undefined where none is given. What the policy does not offer is refused at the desk. */
function permittedBy({ terms }: Approval, options: ApproveCommandOptions): Required<AgainChoice> | undefined {
  const { again } = againOf(options);
  if (again === undefined || terms.again === undefined) return undefined;
  const { uses, forMs } = terms.again;
  return { uses, forMs, ...(again === true ? {} : again) };
}

function settleOptions({ reason }: AnswerOptions): SettleOptions {
  return reason === undefined ? {} : { reason };
}

function answered(io: Io, approvals: readonly Approval[], options: CommonOptions): Exit {
  for (const approval of approvals) {
    if (options.json === true) writeJson(io.stdout, asJson(approval));
    else io.stdout.write(`${statusLine(approval)}\n`);
  }
  return EXIT.fine;
}

function table(groups: readonly ApprovalGroup[], now: number): string {
  const rows = [
    ["REF", "TOOL", "AGENT", "FOR", "WITH", "YES", "TIME LEFT", "INPUT", "CALLS"],
    ...groups.map(({ first, ids }) => [
      displayName(first.ref),
      displayName(first.tool),
      [...first.principal.chain, first.principal.agent].map(displayName).join(" > "),
      displayName(first.principal.subject),
      first.counterparty === null ? "-" : displayName(first.counterparty.id),
      `${yesCount(first)} of ${first.terms.quorum}`,
      duration(first.expiresAt - now),
      `${Array.from(first.text).length} characters`,
      String(ids.length),
    ]),
  ];
  return inColumns(rows);
}

function yesCount({ verdicts }: Approval): number {
  return verdicts.filter(({ answer }) => answer === "approve").length;
}

/** What programs get: no verdict's token, no call key. `input_text` is the exact sealed text. */
function asJson(approval: Approval): object {
  const { principal, counterparty } = approval;
  return {
    id: approval.id,
    ref: approval.ref,
    status: approval.status,
    demand: approval.demand,
    tool: approval.tool,
    input_text: approval.text,
    digest: approval.digest,
    tenant: principal.tenant,
    subject: principal.subject,
    agent: principal.agent,
    chain: principal.chain,
    counterparty: counterparty === null ? null : { id: counterparty.id, trust: counterparty.trust },
    rule: approval.rule,
    reason: approval.reason,
    policy_id: approval.policyId,
    policy_digest: approval.policyDigest,
    action_id: approval.actionId,
    opened_at: new Date(approval.openedAt).toISOString(),
    expires_at: new Date(approval.expiresAt).toISOString(),
    escalated_at: approval.escalatedAt === undefined ? null : new Date(approval.escalatedAt).toISOString(),
    yes: yesCount(approval),
    quorum: approval.terms.quorum,
    verdicts: approval.verdicts.map(({ answer, approver, method, assurance, device, reason, at }) => ({
      answer,
      approver,
      method,
      assurance,
      device,
      reason,
      at: new Date(at).toISOString(),
    })),
  };
}
