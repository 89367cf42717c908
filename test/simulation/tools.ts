import {
  canonicalText,
  domainDigest,
  type Json,
  type JournalEntry,
  NoEffect,
  type Permit,
  sha256Hex,
} from "@leashkit/core";
import { crash } from "./machines.ts";
import { mayRun, OWN_POLICY } from "./children.ts";
import { POLICIES, TOOLS } from "./policies.ts";
import { checkAlike } from "./standing.ts";
import {
  type Attempt,
  count,
  type Ending,
  isOneOf,
  type Leave,
  note,
  principalOf,
  type Start,
  violate,
  type Wanted,
  type World,
} from "./world.ts";

/** What a framework throws to pause from inside a run. */
export const PAUSED = Object.freeze({ isPaused: true });

/** What a tool throws by itself. */
export class ToolFailure extends Error {
  override readonly name = "ToolFailure";
}

/** What a run gives back: enough to tell which run it was. */
export interface Receipt {
  readonly start: number;
}

/** The tool itself: the moment it is called is the moment of its effect. */
export async function runTool(world: World, attempt: Attempt, given: readonly [Json, Permit]): Promise<Receipt> {
  const { wanted } = attempt;
  const start = begin(world, attempt, given);
  const [, { signal }] = given;
  const { ending, wasAborted } = await work(world, attempt, signal);
  start.wasAborted = wasAborted;
  start.ending = ending;
  note(world, () => `${attempt.machine.name} run ${start.index} of ${wanted.name} ends: ${ending}`);
  if (wasAborted) count(world, "abort during a run");
  count(world, `run ${ending}`);
  return endAs(ending, { start: start.index });
}

/** The same where it is only observed: a run like any other, and none that anybody else must know of. */
export async function runSeen(world: World, attempt: Attempt, signal: AbortSignal): Promise<Receipt> {
  const { ending } = await work(world, attempt, signal);
  count(world, `observed run ${ending}`);
  return endAs(ending, { start: -1 });
}

function endAs(ending: Ending, receipt: Receipt): Receipt {
  if (ending === "threw") throw new ToolFailure("the tool failed");
  if (ending === "no-effect") throw new NoEffect("nothing was changed");
  if (ending === "paused") throw PAUSED;
  return receipt;
}

/** What a run does between its start and its end, which it may not live to see. */
async function work(
  world: World,
  { machine }: Attempt,
  signal: AbortSignal,
): Promise<{ readonly ending: Ending; readonly wasAborted: boolean }> {
  const chosen = chooseEnding(world);
  const takesMs = world.random.integer(3) === 0 ? world.random.integer(45_000) : world.random.integer(20);
  if (isOneOf(world, world.isCalm ? 0 : 120))
    world.time.after(world.random.integer(takesMs + 1), machine, () => world.aborts.get(signal)?.());
  if (takesMs > 1) await sleep(world, machine, takesMs, world.random.integer(2) === 0 ? signal : undefined);
  if (chosen === "died" && !world.isCalm) {
    crash(world, machine);
    return new Promise(() => undefined);
  }
  const wasAborted = signal.aborted;
  const ending = chosen === "died" ? "ok" : wasAborted && world.random.integer(2) === 0 ? "threw" : chosen;
  return { ending, wasAborted };
}

/** A tool may look at the signal, or not. */
function sleep(world: World, machine: Attempt["machine"], ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    world.time.after(ms, machine, resolve);
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

function chooseEnding(world: World): Exclude<Ending, "running"> {
  if (world.isCalm) return "ok";
  if (isOneOf(world, world.weather.deaths)) return "died";
  return world.random.pick(["ok", "ok", "ok", "ok", "ok", "threw", "no-effect", "paused"] as const);
}

function begin(world: World, attempt: Attempt, [input, permit]: readonly [Json, Permit]): Start {
  const { machine, wanted } = attempt;
  const claims = claimsOf(permit.proof);
  const leave = world.leaves.get(String(claims["jti"]));
  const start: Start = {
    index: world.starts.length,
    wanted,
    machine,
    journalId: leave?.journalId ?? `unrecorded ${world.starts.length}`,
    attemptId: leave?.attemptId,
    approvalId: permit.approvalId,
    idempotencyKey: permit.idempotencyKey,
    ending: "running",
    wasAborted: false,
    isForgiven: false,
  };
  note(world, () => `${machine.name} RUNS ${wanted.name} ${canonicalText(input)} as run ${start.index}`);
  count(world, "tool started");
  checkBytes(world, wanted, input, permit, claims);
  if (!mayRun(principalOf(wanted).agent, wanted.tool))
    violate(world, "I4", `${principalOf(wanted).agent} runs ${wanted.tool}, which its parents do not let it run`);
  checkRecorded(world, start, leave);
  if (leave !== undefined) checkLeaveOf(world, leave, permit, claims);
  if (leave?.allowanceId !== undefined) checkAlike(world, leave, attempt, input);
  checkOnce(world, start);
  world.starts.push(start);
  return start;
}

/** The claims of a proof, unverified: the leash's own key signed it, and that signatures hold is tested elsewhere. */
function claimsOf(proof: string | null): Readonly<Record<string, unknown>> {
  if (proof === null) return {};
  const payload = Buffer.from(proof.slice("v4.public.".length), "base64url").subarray(0, -64);
  return JSON.parse(payload.toString()) as Readonly<Record<string, unknown>>;
}

/** I1: what runs is what the permit and the proof say. */
function checkBytes(
  world: World,
  wanted: Wanted,
  input: Json,
  permit: Permit,
  claims: Readonly<Record<string, unknown>>,
): void {
  const { agent, subject, tenant } = principalOf(wanted);
  const digest = domainDigest("leashkit/action/1", { v: 1, tenant, agent, subject, tool: wanted.tool, input });
  if (digest !== permit.digest) violate(world, "I1", `${wanted.name} runs other bytes than its permit is for`);
  if (digest !== claims["action_hash"] || sha256Hex(canonicalText(input)) !== claims["input_hash"])
    violate(world, "I1", `${wanted.name} runs other bytes than its proof is for`);
  if (claims["action_id"] !== permit.actionId) violate(world, "I1", `the proof of ${wanted.name} names another call`);
  if (![...POLICIES, OWN_POLICY].some((policy) => policy.digest === claims["policy_digest"]))
    violate(world, "I1", `the proof of ${wanted.name} names no policy that decided`);
}

/** I5: at the moment of the effect there is a durable row for it. */
function checkRecorded(world: World, { journalId, wanted }: Start, leave: Leave | undefined): void {
  const row = world.disk.row("journal", journalId)?.body as unknown as JournalEntry | undefined;
  if (leave === undefined || row === undefined)
    return violate(world, "I5", `${wanted.name} runs without a durable row`);
  const isOurs = row.attemptId === leave.attemptId && row.state === "running";
  if (!isOurs) violate(world, "I5", `${wanted.name} runs and its row says ${row.state} of another attempt`);
  return undefined;
}

function checkLeaveOf(world: World, leave: Leave, permit: Permit, claims: Readonly<Record<string, unknown>>): void {
  if (leave.digest !== permit.digest) violate(world, "I1", "what runs is not what was granted");
  if (
    leave.actionId !== permit.actionId ||
    leave.approvalId !== permit.approvalId ||
    leave.attemptId !== claims["decision_id"]
  )
    violate(world, "I1", "the permit is not the one that was granted");
  const behind = leave.allowanceId === undefined ? undefined : world.given.get(leave.allowanceId)?.approval.id;
  if ((claims["approval_id"] ?? null) !== (behind ?? permit.approvalId))
    violate(world, "I1", "the proof names another approval");
}

/** I2: no run beside another one of the same call or under the same yes, unless the other side can recognise it. */
function checkOnce(world: World, start: Start): void {
  const { approvalId, idempotencyKey, journalId, wanted } = start;
  const ofCall = world.starts.filter((other) => other.journalId === journalId);
  const counting = ofCall.filter(({ isForgiven }) => !isForgiven);
  const ofYes = approvalId === null ? [] : world.starts.filter((other) => other.approvalId === approvalId);
  if (ofCall.some((other) => other.idempotencyKey !== idempotencyKey))
    violate(world, "I2", `${wanted.name} is repeated under another idempotency key`);
  if (ofYes.some((other) => other.journalId !== journalId)) violate(world, "I2", "one yes is used for two calls");
  if (TOOLS[wanted.tool].idempotent) return;
  const barred = counting.find(({ ending }) => ending === "ok" || ending === "running" || ending === "died");
  if (barred !== undefined)
    violate(
      world,
      barred.ending === "died" ? "I5" : "I2",
      `${wanted.name} runs again though run ${barred.index} is ${barred.ending}`,
    );
  if (ofYes.some(({ ending }) => ending !== "no-effect" && ending !== "paused"))
    violate(world, "I2", `${wanted.name} runs twice under one yes`);
}
