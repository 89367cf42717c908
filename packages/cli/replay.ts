import { readFile } from "node:fs/promises";

import {
  type FlipCount,
  loadPolicyFile,
  type ReplayedCall,
  type ReplayOptions,
  type ReplaySummary,
  visible,
} from "@leashkit/core";
import type { Command } from "commander";

import { inColumns } from "./columns.ts";
import { EXIT, type Exit, type Finish, UnreadableError, UsageError } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withDesk } from "./state.ts";
import { readTime } from "./time.ts";

export interface ReplayCommandOptions extends CommonOptions {
  readonly strict?: boolean;
  readonly with?: string;
  readonly since?: string;
  readonly until?: string;
  readonly agent?: string;
  readonly tool?: string;
  readonly maxFlips?: string;
  readonly key?: string;
}

export function addReplay(leash: Command, io: Io, finish: Finish): void {
  leash
    .command("replay")
    .description("decide recorded calls again, by --policy as it is now: what would it have answered?")
    .option("--strict", "by the policies of then, and demand identical decisions")
    .option("--with <file>", "by this policy instead; --policy only names the state folder then")
    .option("--since <time>", "only decisions from then on, ISO 8601")
    .option("--until <time>", "only decisions before")
    .option("--agent <name>", "only this agent's")
    .option("--tool <name>", "only of this tool")
    .option("--max-flips <count>", "so many changed answers are fine; default: 0")
    .option("--key <file>", "the key of encrypted recordings: 64 hex digits")
    .action(async (_options: unknown, command: Command) =>
      finish(await replayCalls(io, command.optsWithGlobals<ReplayCommandOptions>())),
    );
}

/** `leash replay`. Exit 1 where more answers change, or cannot be told, than are fine; where a recording was changed; in strict mode where anything differs. */
export async function replayCalls(io: Io, options: ReplayCommandOptions): Promise<Exit> {
  const most = countOf(options.maxFlips);
  const how = await howOf(options);
  const summary = await withDesk(options, async (open) => {
    const replaying = open.replay(how);
    for await (const call of replaying) {
      const isTold = call.result === "tampered" || (how.strict === true && call.result === "differs");
      if (isTold) tell(io, call, options.json === true);
    }
    return replaying.summary();
  });
  for (const flip of how.strict === true ? [] : summary.flips) tell(io, flip, options.json === true);
  if (options.json === true) writeJson(io.stdout, { summary: asJson(summary) });
  else io.stdout.write(`${inWords(summary)}\n`);
  const changed = how.strict === true ? summary.differs : summary.flips.length + summary.unknown;
  return summary.tampered > 0 || changed > most ? EXIT.finding : EXIT.fine;
}

async function howOf(options: ReplayCommandOptions): Promise<Omit<ReplayOptions, "store">> {
  const { agent, key, policy, since, strict, tool, until, with: other } = options;
  if (strict === true && other !== undefined)
    throw new UsageError("--strict goes by the policies of then, so not --with");
  const file = strict === true ? undefined : (other ?? policy);
  return {
    strict: strict === true,
    ...(file !== undefined && { policy: await loadPolicyFile(file) }),
    ...(since !== undefined && { since: readTime("--since", since) }),
    ...(until !== undefined && { until: readTime("--until", until) }),
    ...(agent !== undefined && { agent }),
    ...(tool !== undefined && { tool }),
    ...(key !== undefined && { key: await readKey(key) }),
  };
}

function countOf(text = "0"): number {
  if (/^(?:0|[1-9]\d{0,8})$/u.test(text)) return Number(text);
  throw new UsageError("--max-flips takes a whole number");
}

async function readKey(file: string): Promise<Uint8Array> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new UnreadableError(`${file} cannot be read`, { cause });
  }
  if (/^[0-9a-f]{64}$/iu.test(text.trim())) return Buffer.from(text.trim(), "hex");
  throw new UnreadableError(`${file} does not hold 64 hex digits`);
}

function tell(io: Io, call: ReplayedCall, json: boolean): void {
  if (json) return writeJson(io.stdout, callAsJson(call));
  const time = new Date(call.at).toISOString();
  io.stdout.write(`${visible(`${whatOf(call)}  ${time}  ${call.tool}  by ${call.agent}  ${call.decisionId ?? ""}`)}\n`);
}

function whatOf(call: ReplayedCall): string {
  if (call.result === "tampered") return `CHANGED (${call.problem})`;
  if (call.result !== "differs") return call.result;
  const { flip, members, now, was } = call;
  if (flip === null) return `same answer, other ${members.join(", ")}`;
  return `${was.effect} (${was.rule ?? "no rule"}) -> ${now.effect} (${now.rule ?? "no rule"})`;
}

function callAsJson(call: ReplayedCall): object {
  const { agent, at, decisionId, result, tenant, tool } = call;
  const base = { result, decision_id: decisionId, ts: new Date(at).toISOString(), tenant, agent, tool };
  if (call.result === "tampered") return { ...base, problem: call.problem };
  if (call.result !== "differs") return base;
  const { flip, members, now, was } = call;
  return { ...base, flip, was: wordAsJson(was), now: wordAsJson(now), members };
}

function wordAsJson(word: Extract<ReplayedCall, { readonly result: "same" }>["was"]): object {
  const { digest, effect, policyDigest, reasonCode, rule } = word;
  return { effect, rule, reason_code: reasonCode, policy_digest: policyDigest, digest };
}

function asJson(summary: ReplaySummary): object {
  const { byRule, byTool, decisions, differs, flipsByKind, missing, notReplayable, replayed, same, tampered, unknown } =
    summary;
  const flips = flipsByKind;
  const [by_rule, by_tool, not_replayable] = [byRule, byTool, notReplayable];
  return { decisions, replayed, same, differs, unknown, tampered, not_replayable, flips, by_rule, by_tool, missing };
}

function inWords(summary: ReplaySummary): string {
  const { byRule, byTool, decisions, missing, notReplayable, replayed, same, tampered, unknown } = summary;
  const not = Object.entries(notReplayable).map(([why, count]) => `${count} ${why.replaceAll("_", " ")}`);
  return [
    `${decisions} decisions, ${replayed} decided again: ${same} the same, ${summary.differs} not.`,
    ...(tampered === 0 ? [] : [`${tampered} recordings are not what the log says.`]),
    ...(unknown === 0 ? [] : [`${unknown} cannot be told, for want of facts:`, ...factsOf(missing)]),
    ...(not.length === 0 ? [] : [`Not replayable: ${not.join(", ")}.`]),
    ...tableOf("RULE", byRule),
    ...tableOf("TOOL", byTool),
  ].join("\n");
}

function factsOf(missing: ReplaySummary["missing"]): readonly string[] {
  return Object.entries(missing).map(([fact, calls]) => `  ${visible(fact)}: ${calls} calls`);
}

function tableOf(title: string, counts: readonly FlipCount[]): readonly string[] {
  if (counts.length === 0) return [];
  const rows = counts.map(({ flips, name }) => [
    visible(name),
    Object.entries(flips)
      .map(([flip, count]) => `${count} ${flip.replaceAll("_", " ")}`)
      .join(", "),
  ]);
  return ["", inColumns([[title, "CHANGED ANSWERS"], ...rows])];
}
