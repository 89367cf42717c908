// What core loads when it first needs it takes real time, which no world has: all of it is there before the first one begins.
import "../../core/audit/take-checkpoint.ts";
import "../../core/policy/index.ts";
import { collect, forge, type How, propose, want } from "./agents.ts";
import { checkCommit } from "./commits.ts";
import { canRun, checkEnd, isSettled } from "./ending.ts";
import { installGlobals, type ProcessView } from "./globals.ts";
import { checkLimits } from "./limits.ts";
import { boot, crash, observing, ready, stop } from "./machines.ts";
import { checkObserved } from "./observed.ts";
import { observeSomething } from "./observers.ts";
import { answerList, answerSomething, approveAll, takeBack } from "./people.ts";
import { settleSomething } from "./settling.ts";
import { calm, count, createWorld, type Machine, note, type Violation, type World } from "./world.ts";

/** What became of one seed. */
export interface Simulated {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly counts: ReadonlyMap<string, number>;
  /** What happened, a line each; empty unless it was asked for. */
  readonly trace: readonly string[];
  readonly events: number;
}

const HOWS: readonly How[] = ["hold", "hold", "hold", "suspend", "defer", "defer", "interrupt", "authorize"];

const JUMPS_MS = [-40_000, -1_000, 1_000, 15_000, 62_000] as const;

/** How long everything may take to end, once nothing goes wrong any more. */
const QUIETS_MS = [10, 10, 61_000] as const;
const LONGEST_END_MS = 600_000;

/** Lives through one seed: trouble, then calm, then the question whether everything came to an end. */
export async function simulate(seed: number, options: { readonly isTraced?: boolean } = {}): Promise<Simulated> {
  const world = createWorld(seed, options.isTraced === true);
  const restore = installGlobals(world.time, viewOf(world));
  let events = 0;
  const until = async (end: number, isDone: () => boolean = () => false): Promise<void> => {
    while (!isDone() && (await world.time.step(end))) {
      events += 1;
    }
  };
  try {
    world.disk.onCommit((commit) => {
      checkCommit(world, commit);
      checkLimits(world, commit);
      checkObserved(world, commit);
    });
    const end = plan(world);
    await until(end);
    calm(world);
    settleSome(world);
    // Now and then everything that waits for time alone has its time first.
    const quiet = Math.max(world.busyUntil + 100, end + world.random.pick(QUIETS_MS));
    if (ready(world).length === 0) boot(world);
    await until(quiet + 1_000, () => world.time.now() >= quiet && ready(world).length > 0);
    const finals = proposeAll(world);
    await until(quiet + LONGEST_END_MS, () => isSettled(world, finals));
    checkEnd(world, finals);
  } finally {
    restore();
  }
  const { counts, trace = [], violations } = world;
  return { seed, violations, counts, trace, events };
}

function viewOf(world: World): ProcessView {
  return {
    pid: () => (world.time.current() as Machine | null | undefined)?.pid,
    exists(pid) {
      const machine = world.machines.find((other) => other.pid === pid);
      if (machine === undefined) return undefined;
      if (machine.alive) return "yes";
      return world.weather.oneMachine ? "no" : "elsewhere";
    },
  };
}

/** Puts everything that will happen on the time line. Returns when the last of it begins. */
function plan(world: World): number {
  const { random, theme, time, weather } = world;
  const processes = random.pick([1, 2, 2, 3]);
  for (let index = 0; index < processes; index += 1) boot(world);
  if (theme.observe > 0) boot(world, "observe");
  const [least, most] = theme.calls;
  const calls = least + random.integer(most - least + 1);
  for (let index = 0; index < calls; index += 1) want(world);
  const kinds: readonly (readonly [number, (machine: Machine) => unknown])[] = [
    [theme.propose, (machine) => propose(world, machine, random.pick(world.wanted), random.pick(HOWS))],
    [3, () => proposeAtOnce(world)],
    [theme.answer, (machine) => answerSomething(world, machine)],
    [2, (machine) => collect(world, machine)],
    [theme.takeBack, (machine) => takeBack(world, machine)],
    [theme.list, (machine) => answerList(world, machine)],
    [theme.settle, (machine) => settleSomething(world, machine)],
    [theme.doubt, () => doubt(world)],
    [theme.observe, () => observe(world)],
    [weather.crash, (machine) => crash(world, machine)],
    [weather.stop, (machine) => stop(world, machine)],
    [weather.outage, (machine) => outage(world, machine)],
    [weather.jump, () => jump(world, random.pick(JUMPS_MS))],
    [weather.reload, (machine) => reload(world, machine)],
    [weather.forgery, () => forge(world)],
  ];
  const bag = kinds.flatMap(([weight, work]) => Array.from({ length: weight }, () => work));
  let at = 20;
  for (let left = theme.length + random.integer(18); left > 0; left -= 1) {
    at += random.pick(theme.gapsMs);
    const work = random.pick(bag);
    time.after(at, null, () => act(world, work));
  }
  return at + 1_000;
}

function act(world: World, work: (machine: Machine) => unknown): void {
  const machines = ready(world);
  if (machines.length === 0) return;
  const machine = world.random.pick(machines);
  world.time.after(0, machine, () => work(machine));
}

function observe(world: World): void {
  const machines = observing(world);
  if (machines.length === 0) return;
  const machine = world.random.pick(machines);
  world.time.after(0, machine, () => observeSomething(world, machine));
}

/** The same call from everywhere at once. */
function proposeAtOnce(world: World): void {
  const { random, time } = world;
  const wanted = random.pick(world.wanted);
  count(world, "the same call from everywhere");
  for (const machine of [...ready(world), ...ready(world)])
    time.after(random.integer(3), machine, () => propose(world, machine, wanted, random.pick(HOWS)));
}

/** Now and then people look after what was cut off, before everything is proposed once more. */
function settleSome(world: World): void {
  const [machine] = ready(world);
  if (machine === undefined || world.random.integer(3) === 0) return;
  for (const at of [0, 2, 4]) world.time.after(at, machine, () => settleSomething(world, machine));
}

function outage(world: World, machine: Machine): void {
  const { random, time } = world;
  const only = random.integer(2) === 0 ? machine : undefined;
  world.outage = { until: time.now() + random.pick([50, 3_000, 40_000]), only };
  count(world, only === undefined ? "outage for all" : "outage for one process");
  note(world, () => `the store is out for ${only?.name ?? "all"} until ${world.outage.until} ms`);
}

/** The machine slept, every lease looks lapsed, and people settle what seems to be cut off before anybody renews. */
function doubt(world: World): void {
  jump(world, 62_000);
  for (const machine of ready(world))
    world.time.after(world.random.integer(20), machine, () => settleSomething(world, machine));
}

function jump(world: World, byMs: number): void {
  world.clockOffset += byMs;
  count(world, byMs < 0 ? "clock set back" : "clock set forward");
  note(world, () => `the wall clock jumps by ${byMs} ms`);
}

function reload(world: World, machine: Machine): void {
  machine.version = machine.version === 0 ? 1 : 0;
  count(world, "policy changed");
  note(world, () => `${machine.name} goes by policy ${machine.version}`);
}

/** Every call that can be the same again is proposed once more, and every ref is asked for; people say yes to all of it. */
function proposeAll(world: World): ReturnType<typeof propose>[] {
  const machine = world.random.pick(ready(world));
  for (const other of world.machines) other.version = 0;
  const clicks = (): void => {
    world.time.after(0, machine, () => void approveAll(world, machine));
    world.time.after(5_000, machine, clicks);
  };
  clicks();
  const finals: ReturnType<typeof propose>[] = [];
  world.time.after(0, machine, () => {
    for (const wanted of world.wanted) {
      if (!wanted.isDurable) continue;
      const attempt = propose(world, world.random.pick(ready(world)), wanted, "hold");
      finals.push(attempt);
      if (canRun(world, wanted)) world.promised.add(attempt);
    }
    for (let left = world.told.length; left > 0; left -= 1) {
      const attempt = collect(world, machine);
      if (attempt !== undefined) finals.push(attempt);
    }
  });
  return finals;
}
