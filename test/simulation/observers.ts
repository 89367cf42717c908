import { isLeashError, type Json, type Permit } from "@leashkit/core";
import { callOf } from "./agents.ts";
import { digestOf } from "./identity.ts";
import { hasResult, isCutOff, isDoneWithout } from "./known.ts";
import { type Receipt, runSeen, ToolFailure } from "./tools.ts";
import { type Attempt, count, type Machine, note, violate, type World } from "./world.ts";

const REFUSALS: ReadonlySet<string> = new Set(["LEASH_STORE_UNAVAILABLE", "LEASH_OUTCOME_UNKNOWN", "LEASH_DENIED"]);

/** A process that observes is asked to run a call: it does, whatever the policy says. */
export async function observeSomething(world: World, machine: Machine): Promise<void> {
  const { random } = world;
  const done = world.wanted.filter((one) => hasResult(world, one));
  const wanted = random.pick(done.length > 0 && random.integer(2) === 0 ? done : world.wanted);
  const { leash } = machine;
  if (leash === undefined || wanted.child !== undefined) return;
  const how = random.integer(4) === 0 ? "observed authorize" : "observed";
  const attempt: Attempt = { wanted, machine, how, proposedAt: world.time.now(), outcome: undefined };
  const isReplayed = hasResult(world, wanted);
  const wasCutOff = isCutOff(world, wanted);
  if (isReplayed) count(world, "observed what ran before");
  const run = (input: Json, permit: Permit): Promise<Receipt> => {
    checkSeen(world, attempt, input, permit);
    if (isReplayed) violate(world, "I2", `${wanted.name} ran before under enforce, and runs again observed`);
    return runSeen(world, attempt, permit.signal);
  };
  note(world, () => `${machine.name} observes ${wanted.name} (${wanted.tool})`);
  try {
    const gate = leash.as(wanted.principal);
    if (how === "observed") await gate.guard(callOf(wanted), run);
    else await (await gate.authorize(callOf(wanted))).run(run);
    attempt.outcome = "result";
  } catch (error) {
    attempt.outcome = error instanceof ToolFailure ? "failed" : codeOf(world, attempt, error, wasCutOff);
  }
  count(world, `${how}: ${attempt.outcome}`);
  checkRanOnce(world, attempt, isReplayed);
}

/** @param wasCutOff whether it was when it was proposed: somebody may have settled it meanwhile. */
function codeOf(world: World, { wanted }: Attempt, error: unknown, wasCutOff: boolean): string {
  if (isLeashError(error, "LEASH_STORE_UNAVAILABLE")) return error.code;
  if (isLeashError(error, "LEASH_OUTCOME_UNKNOWN") && (wasCutOff || isCutOff(world, wanted))) return error.code;
  if (isLeashError(error, "LEASH_DENIED") && isDoneWithout(world, wanted)) return error.code;
  if (typeof error === "object" && error !== null && ("leashNoEffect" in error || "isPaused" in error)) return "failed";
  violate(world, "I12", `${wanted.name} was observed, and ended with ${String(error)}`);
  return "refused";
}

/** What an observed run is given: the caller's own input, a permit that permits nothing, and a record that was made before. */
function checkSeen(world: World, attempt: Attempt, input: Json, permit: Permit): void {
  const { wanted } = attempt;
  const { decided, ran, runs } = world.observed;
  runs.set(attempt, (runs.get(attempt) ?? 0) + 1);
  if (input !== wanted.input)
    violate(world, "I12", `${wanted.name} was observed, and runs other input than was passed`);
  if (permit.mode !== "observe" || permit.proof !== null || permit.approvalId !== null)
    violate(world, "I12", `the permit of an observed call can be mistaken for one that permits`);
  if (permit.digest !== digestOf(wanted))
    violate(world, "I1", "an observed call runs other bytes than its permit says");
  const left = (decided.get(permit.actionId) ?? 0) - 1;
  decided.set(permit.actionId, left);
  if (left < 0) violate(world, "I12", `${wanted.name} was observed, and what would have been decided is not recorded`);
  ran.set(permit.actionId, (ran.get(permit.actionId) ?? new Set()).add(digestOf(wanted)));
}

function checkRanOnce(world: World, attempt: Attempt, isReplayed: boolean): void {
  const { outcome, wanted } = attempt;
  const times = world.observed.runs.get(attempt) ?? 0;
  const mayBeReplayed = outcome === "result" && hasResult(world, wanted);
  const isRefused = REFUSALS.has(outcome ?? "");
  const isRight = times === (isRefused || isReplayed ? 0 : 1) || (mayBeReplayed && times === 0);
  if (!isRight) violate(world, "I12", `${wanted.name} was observed, ran ${times} times and ended with ${outcome}`);
}
