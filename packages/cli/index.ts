import { Command, CommanderError } from "commander";

import { listAllowances, revokeAllowance, type RevokeAllowanceOptions } from "./allowances.ts";
import {
  type AnswerOptions,
  approve,
  type ApproveCommandOptions,
  deny,
  listApprovals,
  revoke,
  showApproval,
} from "./approvals.ts";
import { EXIT, type Exit, type Finish, reportError } from "./exit.ts";
import { type ExplainOptions, explainPolicy } from "./explain.ts";
import type { Io } from "./io.ts";
import { listUnsettled, settleCall, type SettleCallOptions } from "./journal.ts";
import { addKeys } from "./keys.ts";
import { addLog } from "./log.ts";
import { checkPolicy } from "./policy.ts";
import { addProof } from "./proof.ts";
import { addReceipt } from "./receipt.ts";
import { addReplay } from "./replay.ts";
import type { CommonOptions } from "./state.ts";

export type { Io } from "./io.ts";

/**
 * The `leash` command, in process.
 *
 * @param argv the arguments after the command's own name
 * @param io where it reads and writes; `process` fits
 * @returns the exit code: 0 fine, 1 a finding or an answer without effect, 2 wrong usage, 3 unreadable. Never throws.
 * @example process.exitCode = await run(["approvals", "list", "--policy", "leash.yaml"], process);
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exit: Exit = EXIT.fine;
  try {
    await program(io, (code) => (exit = code)).parseAsync([...argv], { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    return reportError(error, io);
  }
}

function program(io: Io, finish: Finish): Command {
  const leash = new Command("leash")
    .description("See and answer what agents wait for.")
    .option("--policy <file>", "the policy the leash runs with; names its state folder")
    .option("--state <dir>", "the state folder itself")
    .option("--store <address>", "where the leash keeps its rows in PostgreSQL: postgres://…, or env:NAME")
    .option("--schema <name>", "the schema there; default: leashkit")
    .option(
      "--passphrase <env:NAME>",
      "the environment variable with the passphrase of the key files, where they have one",
    )
    .option("--tenant <name>", "whose approvals; default: default")
    .option("--json", "one JSON object a line")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
  addApprovals(leash, io, finish);
  addPolicy(leash, io, finish);
  addAllowances(leash, io, finish);
  addJournal(leash, io, finish);
  addLog(leash, io, finish);
  addKeys(leash, io, finish);
  addProof(leash, io, finish);
  addReceipt(leash, io, finish);
  addReplay(leash, io, finish);
  return leash;
}

function addApprovals(leash: Command, io: Io, finish: Finish): void {
  const approvals = leash.command("approvals").description("calls that wait for a person");
  approvals
    .command("list")
    .description("what waits, oldest first")
    .action(async (_options: unknown, command: Command) =>
      finish(await listApprovals(io, command.optsWithGlobals<CommonOptions>())),
    );
  approvals
    .command("show")
    .description("one approval in full")
    .argument("<ref>", "its short ref, or its id")
    .action(async (ref: string, _options: unknown, command: Command) =>
      finish(await showApproval(io, ref, command.optsWithGlobals<CommonOptions>())),
    );
  addAnswers(approvals, io, finish);
}

function addAnswers(approvals: Command, io: Io, finish: Finish): void {
  approvals
    .command("approve")
    .description("show it, and after a yes let exactly this call run once")
    .argument("<ref>", "its short ref, or its id")
    .option("--reason <text>", "kept in the log")
    .option("--equal", "also the equal calls that wait")
    .option("--again [uses]", "permit calls like it, too, as far as the policy lets you, or so many of them")
    .option("--yes", "do not ask to confirm")
    .action(async (ref: string, _options: unknown, command: Command) =>
      finish(await approve(io, ref, command.optsWithGlobals<ApproveCommandOptions>())),
    );
  approvals
    .command("deny")
    .description("refuse it")
    .argument("<ref>", "its short ref, or its id")
    .option("--reason <text>", "kept in the log and told to the model")
    .option("--equal", "also the equal calls that wait")
    .action(async (ref: string, _options: unknown, command: Command) =>
      finish(await deny(io, ref, command.optsWithGlobals<AnswerOptions>())),
    );
  approvals
    .command("revoke")
    .description("take back a yes that was not used yet")
    .argument("<ref>", "its short ref, or its id")
    .option("--reason <text>", "kept in the log and told to the model")
    .action(async (ref: string, _options: unknown, command: Command) =>
      finish(await revoke(io, ref, command.optsWithGlobals<AnswerOptions>())),
    );
}

function addPolicy(leash: Command, io: Io, finish: Finish): void {
  const policy = leash.command("policy").description("policy files");
  policy
    .command("explain")
    .description("what a policy says of one call, why, and what it would allow")
    .argument("<file>")
    .requiredOption("--tool <name>", "the tool that is called")
    .option("--input <json>", "its arguments; default: {}")
    .option("--agent <name>", "which agent calls; default: agent")
    .option("--subject <name>", "on whose behalf; default: default")
    .action(async (file: string, _options: unknown, command: Command) =>
      finish(await explainPolicy(io, file, command.optsWithGlobals<ExplainOptions>())),
    );
  policy
    .command("check")
    .description("read a policy as a leash would, run its tests, and name what is wrong by line and column")
    .argument("<file>")
    .action(async (file: string, _options: unknown, command: Command) =>
      finish(await checkPolicy(io, file, command.optsWithGlobals<CommonOptions>())),
    );
}

function addAllowances(leash: Command, io: Io, finish: Finish): void {
  const allowances = leash.command("allowances").description("what people permitted in advance");
  allowances
    .command("list")
    .description("every standing yes that may still be used")
    .action(async (_options: unknown, command: Command) =>
      finish(await listAllowances(io, command.optsWithGlobals<CommonOptions>())),
    );
  allowances
    .command("revoke")
    .description("take one back")
    .argument("<id>")
    .option("--reason <text>", "kept in the log")
    .action(async (id: string, _options: unknown, command: Command) =>
      finish(await revokeAllowance(io, id, command.optsWithGlobals<RevokeAllowanceOptions>())),
    );
}

function addJournal(leash: Command, io: Io, finish: Finish): void {
  const journal = leash.command("journal").description("calls that started and have no known outcome");
  journal
    .command("list")
    .description("those calls, oldest first")
    .action(async (_options: unknown, command: Command) =>
      finish(await listUnsettled(io, command.optsWithGlobals<CommonOptions>())),
    );
  journal
    .command("settle")
    .description("write down what became of one, after you looked at the other side")
    .argument("<id>", "its id; its digest where several share that")
    .option("--done", "it happened: it never runs again")
    .option("--not-done", "it did not: it counts on no limit, and may be proposed again")
    .option("--reason <text>", "kept in the log")
    .action(async (id: string, _options: unknown, command: Command) =>
      finish(await settleCall(io, id, command.optsWithGlobals<SettleCallOptions>())),
    );
}
