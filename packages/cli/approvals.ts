import {
  type Approval,
  ask,
  card,
  displayName,
  duration,
  isInteractive,
  statusLine,
  type SettleOptions,
} from "@leashkit/core";

import { EXIT, type Exit, UsageError } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withDesk } from "./state.ts";

export interface AnswerOptions extends CommonOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

/** `leash approvals list`: what waits, oldest first; the calls themselves are shown by `show`. */
export async function listApprovals(io: Io, options: CommonOptions): Promise<Exit> {
  const pending = await withDesk(options, ({ desk }) => desk.pending());
  if (options.json === true) {
    for (const approval of pending) writeJson(io.stdout, asJson(approval));
  } else if (pending.length === 0) {
    io.stdout.write("Nothing waits for a person.\n");
  } else {
    io.stdout.write(`${table(pending, Date.now())}\n\nSee one in full: leash approvals show REF\n`);
  }
  return EXIT.fine;
}

/** `leash approvals show`: the whole card. */
export async function showApproval(io: Io, ref: string, options: CommonOptions): Promise<Exit> {
  const approval = await withDesk(options, ({ desk }) => desk.get(ref));
  if (options.json === true) writeJson(io.stdout, asJson(approval));
  else io.stdout.write(`${card(approval, { now: Date.now(), columns: io.stdout.columns })}\n`);
  return EXIT.fine;
}

/** `leash approvals approve`: shows the card and asks to confirm, unless told `--yes`. */
export async function approve(io: Io, ref: string, options: AnswerOptions): Promise<Exit> {
  if (options.yes !== true && !isInteractive({ input: io.stdin, output: io.stderr })) {
    throw new UsageError(
      "approving shows the call and asks to confirm, which needs a terminal; after `leash approvals show` you can pass --yes",
    );
  }
  return withDesk(options, async ({ desk }) => {
    const approval = await desk.get(ref);
    if (options.yes !== true && !(await confirm(io, approval))) {
      io.stderr.write(`Not approved. ${statusLine(await desk.get(approval.id))}\n`);
      return EXIT.finding;
    }
    return settled(io, await desk.approve(approval.id, settleOptions(options)), options);
  });
}

/** `leash approvals revoke`: takes back a yes that was not used yet. */
export async function revoke(io: Io, ref: string, options: AnswerOptions): Promise<Exit> {
  return withDesk(options, async ({ desk }) => settled(io, await desk.revoke(ref, settleOptions(options)), options));
}

/** `leash approvals deny`. */
export async function deny(io: Io, ref: string, options: AnswerOptions): Promise<Exit> {
  return withDesk(options, async ({ desk }) => settled(io, await desk.deny(ref, settleOptions(options)), options));
}

async function confirm(io: Io, approval: Approval): Promise<boolean> {
  if (approval.status !== "pending") return false;
  io.stderr.write(`${card(approval, { now: Date.now(), columns: io.stderr.columns })}\n`);
  const question = `Run exactly this call once? Type yes to approve ${displayName(approval.ref)}: `;
  const line = await ask(question, { input: io.stdin, output: io.stderr });
  return line !== undefined && ["y", "yes"].includes(line.toLowerCase());
}

function settleOptions({ reason }: AnswerOptions): SettleOptions {
  return reason === undefined ? {} : { reason };
}

function settled(io: Io, approval: Approval, options: CommonOptions): Exit {
  if (options.json === true) writeJson(io.stdout, asJson(approval));
  else io.stdout.write(`${statusLine(approval)}\n`);
  return EXIT.fine;
}

function table(approvals: readonly Approval[], now: number): string {
  const rows = [
    ["REF", "TOOL", "AGENT", "FOR", "WITH", "YES", "TIME LEFT", "INPUT"],
    ...approvals.map((approval) => [
      displayName(approval.ref),
      displayName(approval.tool),
      [...approval.principal.chain, approval.principal.agent].map(displayName).join(" > "),
      displayName(approval.principal.subject),
      approval.counterparty === null ? "-" : displayName(approval.counterparty.id),
      `${yesCount(approval)} of ${approval.terms.quorum}`,
      duration(approval.expiresAt - now),
      `${Array.from(approval.text).length} characters`,
    ]),
  ];
  const widths =
    rows[0]?.map((_title, column) => Math.max(...rows.map((row) => Array.from(row[column] ?? "").length))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
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
