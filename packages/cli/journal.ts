import { displayName, duration, type SettledOutcome, type UnsettledCall } from "@leashkit/core";

import { inColumns } from "./columns.ts";
import { EXIT, type Exit, UsageError } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withDesk } from "./state.ts";

export interface SettleCallOptions extends CommonOptions {
  readonly done?: boolean;
  readonly notDone?: boolean;
  readonly reason?: string;
}

/** `leash journal list`: calls that started and whose outcome nobody knows, oldest first. Exit 1 where there are any. */
export async function listUnsettled(io: Io, options: CommonOptions): Promise<Exit> {
  const calls = await withDesk(options, ({ journal }) => journal.unsettled());
  if (options.json === true) for (const call of calls) writeJson(io.stdout, asJson(call));
  else
    io.stdout.write(calls.length === 0 ? "Every call that started has an outcome.\n" : `${table(calls)}\n\n${HELP}\n`);
  return calls.length === 0 ? EXIT.fine : EXIT.finding;
}

const HELP = `Look at the other side what became of each. Then:
leash journal settle ID --done       it happened: it never runs again
leash journal settle ID --not-done   it did not: the same call may be proposed again`;

/** `leash journal settle`: a person's word on what became of a call. */
export async function settleCall(io: Io, call: string, options: SettleCallOptions): Promise<Exit> {
  if ((options.done === true) === (options.notDone === true))
    throw new UsageError("say what you found out: --done, or --not-done");
  const outcome: SettledOutcome = options.done === true ? "done" : "not_done";
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const settled = await withDesk(options, ({ journal }) => journal.settle(call, outcome, reason));
  if (options.json === true) writeJson(io.stdout, { ...asJson(settled), outcome });
  else io.stdout.write(`${displayName(settled.tool)} ${settled.actionId}: settled as ${outcome.replace("_", " ")}\n`);
  return EXIT.fine;
}

function table(calls: readonly UnsettledCall[]): string {
  const now = Date.now();
  const rows = [
    ["ID", "TOOL", "STATE", "STARTED"],
    ...calls.map(({ actionId, startedAt, state, tool }) => [
      actionId,
      displayName(tool),
      state === "unknown" ? "unknown" : "cut off",
      startedAt === null ? "" : `${duration(now - startedAt)} ago`,
    ]),
  ];
  return inColumns(rows);
}

function asJson(call: UnsettledCall): object {
  return {
    action_id: call.actionId,
    tool: call.tool,
    digest: call.digest,
    state: call.state,
    started_at: call.startedAt === null ? null : new Date(call.startedAt).toISOString(),
    attempt: call.attempt,
    approval_id: call.approvalId,
  };
}
