import { displayName, type LogFilter, type LogRecord, type RecordType, visible } from "@leashkit/core";
import type { Command } from "commander";

import { EXIT, type Exit, type Finish, UsageError } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withDesk } from "./state.ts";
import { readTime } from "./time.ts";

export interface ShowLogOptions extends CommonOptions {
  readonly type?: string;
  readonly agent?: string;
  readonly tool?: string;
  readonly decision?: string;
  readonly owner?: string;
  readonly since?: string;
  readonly until?: string;
}

const DECISIONS = ["ALLOW", "APPROVE", "STEP_UP", "DENY", "COMPUTE"] as const;

/** `leash log show`. */
export function addShow(log: Command, io: Io, finish: Finish): void {
  log
    .command("show")
    .description("records that fit all that is stated, in order of time; nothing is verified")
    .option("--type <type>", "such as decided, granted, executed, approval.settled")
    .option("--agent <name>", "the agent that acted, or whose call it was")
    .option("--tool <name>")
    .option("--decision <effect>", DECISIONS.join(", "))
    .option("--owner <name>", "on whose behalf the agent acted")
    .option("--since <time>", "from this time on, ISO 8601 with its zone")
    .option("--until <time>", "before this time")
    .action(async (_options: unknown, command: Command) =>
      finish(await showLog(io, command.optsWithGlobals<ShowLogOptions>())),
    );
}

/** In the order of their time, each record as soon as it is read. */
export function showLog(io: Io, options: ShowLogOptions): Promise<Exit> {
  const filter = filterOf(options);
  return withDesk(options, async (open) => {
    for await (const { record } of open.readLog(filter)) {
      if (options.json === true) writeJson(io.stdout, record);
      else io.stdout.write(`${inWords(record)}\n`);
    }
    return EXIT.fine;
  });
}

function filterOf({ agent, decision, owner, since, tenant, tool, type, until }: ShowLogOptions): LogFilter {
  return {
    agent,
    owner,
    tenant,
    tool,
    // A type that there is not fits nothing, as one that never happened.
    type: type as RecordType | undefined,
    decision: decision === undefined ? undefined : decisionOf(decision),
    from: since === undefined ? undefined : readTime("--since", since),
    to: until === undefined ? undefined : readTime("--until", until),
  };
}

function decisionOf(stated: string): (typeof DECISIONS)[number] {
  const found = DECISIONS.find((decision) => decision === stated.toUpperCase());
  if (found !== undefined) return found;
  throw new UsageError(`--decision takes one of ${DECISIONS.join(", ")}`);
}

/** When, what, by whom, and which rule: enough to find the line in full. */
function inWords(record: LogRecord): string {
  const { action_type: tool, actor_id: actor, answer, decision, detail, effective, rule, seq, ts, type } = record;
  const observed = effective === "OBSERVED" ? "(observed)" : undefined;
  const parts = [
    ts,
    type,
    decision,
    observed,
    answer,
    tool && displayName(tool),
    `by ${actor}`,
    rule && `rule ${rule}`,
    detail,
  ];
  const said = parts.filter((part) => typeof part === "string" && part !== "").map((part) => visible(String(part)));
  return `${said.join("  ")}  ${visible(record.stream)}/${seq}`;
}
