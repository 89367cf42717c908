import {
  type Approval,
  canonicalText,
  type GuardOptions,
  isLeashError,
  isNarrowedFrom,
  type Leash,
  LeashPending,
  type Pause,
  type Run,
  type ToolCall,
} from "@leashkit/core";
import { CHILDREN_CHOSEN, narrowedBy } from "./children.ts";
import { checkLimited } from "./limits.ts";
import { PAUSED, type Receipt, runTool, ToolFailure } from "./tools.ts";
import {
  type Attempt,
  count,
  isOneOf,
  type Machine,
  note,
  principalOf,
  violate,
  type Wanted,
  type World,
} from "./world.ts";

const PRINCIPALS = [
  { tenant: "acme", subject: "ann", agent: "agent" },
  { tenant: "acme", subject: "bob", agent: "agent" },
  { tenant: "umbra", subject: "ann", agent: "agent" },
] as const;

/** How an agent proposes a call. */
export type How = "hold" | "suspend" | "defer" | "interrupt" | "authorize";

const INTERRUPT = Object.freeze({ isInterrupt: true });

/** A call that some agent will propose, perhaps often. Two of them may differ in their bytes alone, or be alike but for them. */
export function want(world: World): Wanted {
  const { random, theme, wanted } = world;
  const earlier = wanted.length > 0 && random.integer(5) === 0 ? random.pick(wanted) : undefined;
  const like = wanted.length > 0 && isOneOf(world, theme.alike) ? random.pick(wanted) : undefined;
  const known = earlier ?? like;
  const next: Wanted = {
    name: earlier?.name ?? `call-${wanted.length}`,
    tool: known?.tool ?? random.pick(theme.tools),
    input: {
      amount: random.pick([10, 70, 70, 500]),
      to: like !== undefined && random.integer(6) > 0 ? toOf(like) : random.pick(["shop", "school"]),
    },
    principal: known?.principal ?? random.pick(PRINCIPALS),
    child: drawChild(world, known),
    session: like !== undefined && random.integer(6) === 0 ? "another session" : drawSession(world, known),
    isDurable: earlier?.isDurable ?? isOneOf(world, theme.durable),
  };
  wanted.push(next);
  return next;
}

function toOf({ input }: Wanted): string {
  return (input as { readonly to: string }).to;
}

function drawSession({ random }: World, known: Wanted | undefined): string | undefined {
  if (known !== undefined) return known.session;
  return random.integer(3) === 0 ? undefined : "session";
}

/** What is known may be made by a child as well, or by its parent: these are other calls. */
function drawChild(world: World, known: Wanted | undefined): Wanted["child"] {
  const { random, theme } = world;
  if (known !== undefined && random.integer(3) > 0) return known.child;
  return isOneOf(world, theme.children) ? random.pick(CHILDREN_CHOSEN) : undefined;
}

/** Something ends a call's waiting from outside: the agent goes away. At some time, or in the middle of the run. */
function signalFor(world: World, machine: Machine): AbortSignal | undefined {
  if (world.isCalm || world.random.integer(3) === 0) return undefined;
  const controller = new AbortController();
  const abort = (): void => {
    count(world, "agent aborted");
    controller.abort();
  };
  world.aborts.set(controller.signal, abort);
  if (world.random.integer(5) === 0)
    world.time.after(world.random.pick([0, 1, 5, 100, 10_000, 40_000]), machine, abort);
  return controller.signal;
}

/** A framework that resumes for no reason, with whatever somebody sent it; after a while it pauses for real. */
function hastyPause(world: World): Pause {
  let wakes = 0;
  return (async () => {
    wakes += 1;
    count(world, "forged resume");
    if (wakes > 3) throw INTERRUPT;
    await new Promise((resolve) => setTimeout(resolve, world.random.integer(20)));
    return { approved: true, decisions: [{ type: "approve" }] };
  }) as unknown as Pause;
}

function optionsFor(world: World, machine: Machine, how: How): GuardOptions<Receipt> {
  const signal = signalFor(world, machine);
  const pause = how === "interrupt" ? hastyPause(world) : how === "authorize" ? "hold" : how;
  return { pause, suspends: (thrown) => thrown === PAUSED, ...(signal !== undefined && { signal }) };
}

/** Follows one attempt to its end, which it may never reach in a process that dies. */
export async function follow(
  world: World,
  machine: Machine,
  attempt: Attempt,
  work: (leash: Leash) => Promise<Receipt>,
): Promise<void> {
  const { leash } = machine;
  if (leash === undefined) return;
  world.attempts.push(attempt);
  note(world, () => `${machine.name} proposes ${attempt.wanted.name} (${attempt.wanted.tool}, ${attempt.how})`);
  try {
    const receipt = await work(gateFor(world, leash, attempt.wanted));
    attempt.outcome = "result";
    checkReceipt(world, attempt, receipt);
  } catch (error) {
    attempt.outcome = outcomeOf(world, attempt, error);
    if (attempt.outcome === "LEASH_LIMIT_EXCEEDED") checkLimited(world, attempt);
  }
  count(world, `${attempt.how}: ${attempt.outcome}`);
  note(world, () => `${machine.name} ends ${attempt.wanted.name} (${attempt.how}): ${attempt.outcome}`);
}

/**
 * The gate that an adapter puts before the tool of an agent. A child's tool is wrapped by its own leash and then, as it goes
 * through its parent's hands, by the parent's: which must be seen to add nothing.
 */
function gateFor(world: World, leash: Leash, { child: name, principal }: Wanted): Leash {
  const own = leash.as(principal);
  if (name === undefined) return own;
  const { child, parent } = narrowedBy(own, name);
  count(world, "call of a child");
  if (isNarrowedFrom(child, parent)) return child;
  const twice = (): never => {
    violate(world, "I7", `a call of ${name} is decided and counted again by its parent's gate`);
    throw new Error("a tool that is wrapped twice runs nothing here");
  };
  return {
    ...parent,
    guard: (call, _run, options) => parent.guard(call, twice, { ...options, suspends: () => false }),
  };
}

/** A call as a framework hands it over. */
export function callOf({ input, isDurable, name, session, tool }: Wanted): ToolCall {
  return {
    tool,
    input,
    ...(isDurable && { callId: name, scope: "thread" }),
    ...(session !== undefined && { session }),
  };
}

export function propose(world: World, machine: Machine, wanted: Wanted, how: How): Attempt {
  const attempt: Attempt = { wanted, machine, how, proposedAt: world.time.now(), outcome: undefined };
  const call = callOf(wanted);
  const run: Run<Receipt> = (...given) => runTool(world, attempt, given);
  const options = optionsFor(world, machine, how);
  void follow(world, machine, attempt, async (leash) => {
    if (how !== "authorize") return leash.guard(call, run, options);
    const permit = await leash.authorize(call, options);
    const waitsMs = world.random.pick([0, 0, 5, 5_000, 19_990, 130_000]);
    if (waitsMs > 0) await new Promise((resolve) => setTimeout(resolve, waitsMs));
    if (world.random.integer(3) === 0) runAgain(world, machine, attempt, () => permit.run(run));
    return permit.run(run);
  });
  return attempt;
}

/** A program that uses a permit twice. */
function runAgain(world: World, machine: Machine, attempt: Attempt, run: () => Promise<Receipt>): void {
  count(world, "permit used twice");
  void follow(world, machine, { ...attempt, how: "second use" }, run);
}

/** Takes a call up by its ref; now and then as somebody who was never told it, or by one that nobody was told. */
export function collect(world: World, machine: Machine): Attempt | undefined {
  const { random, told } = world;
  if (told.length === 0) return undefined;
  const { ref, wanted } = random.pick(told);
  const isForged = !world.isCalm && random.integer(6) === 0;
  const asked = isForged ? strange(world, wanted) : wanted;
  const attempt: Attempt = {
    wanted: asked,
    machine,
    how: isForged ? "misrouted collect" : "collect",
    proposedAt: world.time.now(),
    outcome: undefined,
  };
  const options = optionsFor(world, machine, world.isCalm ? "hold" : random.pick(["hold", "defer"]));
  const run: Run<Receipt> = (...given) => {
    if (isForged) violate(world, "I3", `${wanted.name} runs for somebody who was never told of it`);
    return runTool(world, attempt, given);
  };
  void follow(world, machine, attempt, (leash) => leash.collect(ref, run, options));
  return attempt;
}

/** The same call asked for by somebody else: for another principal, or by the parent of the child that made it. */
function strange({ random }: World, wanted: Wanted): Wanted {
  if (wanted.child !== undefined && random.integer(2) === 0) return { ...wanted, child: undefined };
  return { ...wanted, principal: random.pick(PRINCIPALS.filter((other) => other !== wanted.principal)) };
}

/** The result of a call is one of its own runs', and of one that went well. */
function checkReceipt(world: World, { how, wanted }: Attempt, receipt: Receipt): void {
  const start = world.starts[receipt.start];
  const isOwn =
    start?.wanted.tool === wanted.tool &&
    canonicalText(principalOf(start.wanted)) === canonicalText(principalOf(wanted));
  if (how === "misrouted collect")
    violate(world, "I3", "a result was handed to somebody who was never told of the call");
  else if (!isOwn) violate(world, "I2", `${wanted.name} got the result of another call`);
  if (start?.ending !== "ok")
    violate(world, "I2", `${wanted.name} got the result of a run that ended ${start?.ending}`);
}

const REFUSALS = [
  "LEASH_DENIED",
  "LEASH_EXPIRED",
  "LEASH_ABORTED",
  "LEASH_POLICY_CHANGED",
  "LEASH_LIMIT_EXCEEDED",
  "LEASH_OUTCOME_UNKNOWN",
  "LEASH_STORE_UNAVAILABLE",
] as const;

function outcomeOf(world: World, { wanted }: Attempt, error: unknown): string {
  if (error instanceof LeashPending) {
    world.told.push({ ref: error.ref, wanted });
    return error.code;
  }
  if (error instanceof ToolFailure) return "failed";
  if (error === PAUSED) return "paused";
  if (error === INTERRUPT) return "interrupted";
  if (typeof error === "object" && error !== null && "leashNoEffect" in error) return "no effect";
  note(world, () => `${wanted.name}: ${describe(error)}`);
  const code = REFUSALS.find((known) => isLeashError(error, known));
  if (code === undefined) violate(world, "I4", `${wanted.name} ended with ${describe(error)}`);
  return code === "LEASH_DENIED" ? `${code} ${(error as { reasonCode: string }).reasonCode}` : (code ?? "unheard of");
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** What somebody with access to the rows would write to make a question look answered. */
export async function forge(world: World): Promise<void> {
  const approvals = world.disk.rows("approval").map(({ body }) => body as unknown as Approval);
  const open = approvals.filter(
    ({ id, status }) => status === "pending" && !world.clicks.some((click) => click.approvalId === id),
  );
  if (open.length === 0) return;
  const target = world.random.pick(open);
  const answered = approvals.filter((approval) => approval.verdicts.length > 0);
  const now = world.disk.store.now();
  const stolen = answered.length > 0 && world.random.integer(3) > 0 ? world.random.pick(answered).verdicts : [];
  // Whoever writes the row writes the answer and its time as they like; only the signature is not theirs.
  const verdicts = stolen.map((verdict) => ({
    ...verdict,
    answer: "approve",
    assurance: "step_up",
    method: "passkey",
    at: now,
  }));
  count(world, stolen.length > 0 ? "row forged with another's verdict" : "row forged");
  note(world, () => `somebody forges ${target.id.slice(-6)} (${target.tool})`);
  world.forged.add(target.id);
  const body = { ...target, status: "approved", settledAt: now, verdicts };
  await world.disk.overwrite("approval", target.id, JSON.parse(JSON.stringify(body)));
}
