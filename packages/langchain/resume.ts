import { LeashDenied, LeashError, LeashPending, type Deferred, type Gate } from "@leashkit/core";
import { loadCommand } from "./codec.ts";
import type { PendingNotice } from "./pause.ts";

/** A `createAgent` agent or a compiled graph, as far as resuming needs it. */
export interface ResumableAgent<Config, Result> {
  getState(config: Config): Promise<unknown>;
  /** Agents type their input by their own state; a `Command` fits them all. */
  invoke(input: never, config: Config): Promise<Result>;
}

export interface ResumeOptions {
  /**
   * The leash, or the narrowed one, that the agent's tools are wrapped with; several where its sub-agents have leashes of their
   * own. They can read approvals and not answer them.
   */
  readonly leash: Gate | readonly Gate[];
  /** Stops waiting with `LEASH_ABORTED`. The agent stays paused and can be resumed later. */
  readonly signal?: AbortSignal;
  /** Stops waiting with `LEASH_PENDING` after so many milliseconds in all. Default: until the approvals expire. */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly interruptId: string | undefined;
  readonly notice: PendingNotice;
}

/**
 * Takes a paused agent up again: waits until every approval that its thread waits for is answered or expired, wakes exactly
 * those interrupts (by id), and goes on until no call of this leash is pending. Interrupts of others stay as they are.
 * The wake-up carries nothing: each call looks at the desk itself.
 *
 * @returns what the agent's last `invoke` returned; undefined when nothing waited.
 * @throws {LeashPending} on timeout, {LeashError} `LEASH_ABORTED` on abort, and what the agent throws.
 * @example
 * const paused = await agent.invoke(input, config);              // a tool call asked a person
 * const result = await resumeLeash(agent, config, { leash });    // also in another process, after a restart
 */
export async function resumeLeash<Config, Result>(
  agent: ResumableAgent<Config, Result>,
  config: Config,
  options: ResumeOptions,
): Promise<Result | undefined> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  options.signal?.addEventListener("abort", end, { once: true });
  if (options.signal?.aborted === true) end();
  const timer = startTimer(end, options.timeoutMs);
  try {
    return await resumeUntil(stop.signal, agent, config, options);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
  }
}

// setTimeout takes 31 bits; a longer delay would fire at once.
const MAX_TIMER_MS = 2_147_483_647;

function startTimer(end: () => void, ms = Number.POSITIVE_INFINITY): NodeJS.Timeout | undefined {
  if (ms === Number.POSITIVE_INFINITY) return undefined;
  if (ms >= 0) return setTimeout(end, Math.min(ms, MAX_TIMER_MS));
  throw new LeashError("LEASH_CONFIG_INVALID", "timeoutMs is milliseconds, zero or more.");
}

async function resumeUntil<Config, Result>(
  stop: AbortSignal,
  agent: ResumableAgent<Config, Result>,
  config: Config,
  options: ResumeOptions,
): Promise<Result | undefined> {
  // While another interrupt keeps its step open, LangGraph goes on listing those of calls that are done.
  const woken = new Set<string>();
  let result: Result | undefined;
  for (;;) {
    const waiting = waitingIn(await agent.getState(config)).filter(({ notice }) => !woken.has(notice.approvalId));
    if (waiting.length === 0) return result;
    for (const { notice } of waiting) {
      await untilSettled(notice, options, stop);
      woken.add(notice.approvalId);
    }
    result = await agent.invoke((await wakeUp(waiting)) as never, config);
  }
}

async function untilSettled(notice: PendingNotice, { leash, signal }: ResumeOptions, stop: AbortSignal): Promise<void> {
  const found = await settledAt("attempt" in leash ? [leash] : leash, notice.ref, stop);
  if (found === undefined) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      `The agent waits for an approval (ref ${notice.ref}) that this leash does not know. Resume it with the leash, store and principal that its tools are wrapped with, or the list of them.`,
    );
  }
  if (found.status !== "pending" && signal?.aborted !== true) return;
  if (signal?.aborted !== true) throw new LeashPending({ id: notice.approvalId, ...found });
  throw new LeashDenied({
    code: "LEASH_ABORTED",
    reasonCode: "aborted",
    reason: "Waiting for an approval was aborted. The agent stays paused.",
    cause: signal.reason,
  });
}

/** Each leash knows the approvals of its own principal only. */
async function settledAt(gates: readonly Gate[], ref: string, signal: AbortSignal): Promise<Deferred | undefined> {
  for (const gate of gates) {
    const found = await gate.deferred(ref, { settled: true, signal });
    if (found !== undefined) return found;
  }
  return undefined;
}

const WAKE_UP = "leash";

async function wakeUp(waiting: readonly Waiting[]): Promise<unknown> {
  const Command = await loadCommand();
  if (Command === undefined) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "Resuming an agent needs @langchain/langgraph. Install it beside langchain.",
    );
  }
  const ids = waiting.flatMap(({ interruptId }) => interruptId ?? []);
  const byId = Object.fromEntries(ids.map((id) => [id, WAKE_UP]));
  return new Command({ resume: ids.length === waiting.length ? byId : WAKE_UP });
}

/** The leash's interrupts in a state snapshot: `tasks[].interrupts[].value.leash`. */
function waitingIn(state: unknown): readonly Waiting[] {
  return members(state, "tasks").flatMap((task) =>
    members(task, "interrupts").flatMap((interrupt) => {
      const notice = noticeIn(interrupt);
      const id = member(interrupt, "id");
      return notice === undefined ? [] : [{ notice, interruptId: typeof id === "string" ? id : undefined }];
    }),
  );
}

function noticeIn(interrupt: unknown): PendingNotice | undefined {
  const leash = member(member(interrupt, "value"), "leash");
  const ours = member(leash, "type") === "leash.pending" && typeof member(leash, "ref") === "string";
  return ours ? (leash as PendingNotice) : undefined;
}

function members(value: unknown, key: string): readonly unknown[] {
  const list = member(value, key);
  return Array.isArray(list) ? list : [];
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
