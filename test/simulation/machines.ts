import { createLeash, isLeashError, type Mode } from "@leashkit/core";
import { seededRandom } from "@leashkit/core/testing";
import { storeOf } from "./network.ts";
import { policyOf, TOOL_NAMES, TOOLS } from "./policies.ts";
import { count, type Machine, note, violate, type World } from "./world.ts";

/**
 * What core loads when it is first needed is loaded before any seed: files take real time, and in a simulated life nothing takes
 * any but what is on the time line.
 */
async function loadEverything(): Promise<void> {
  const leash = await createLeash({ policy: { text: "leash: 1\ndefault: allow\n" }, store: "memory", notify: [] });
  leash.register({ id: "anything" });
  await leash.guard({ tool: "anything", input: {} }, () => undefined);
  await leash.close();
}

await loadEverything();

/** Evidence for later, which decides nothing: it would only cost time. A checkpoint is taken at the end of a process alone. */
const NOTHING_KEPT = { record: false, receipts: false, audit: { checkpointEveryMs: 2_147_483_647 } } as const;

const FIRST_PID = 90_000_000;

/** Starts a process: it has a leash as soon as the store lets it. */
export function boot(world: World, mode: Mode = "enforce"): Machine {
  const number = world.machines.length;
  const machine: Machine = {
    name: `P${number}`,
    pid: FIRST_PID + number,
    alive: true,
    leash: undefined,
    mode,
    version: world.isCalm ? 0 : (world.random.integer(2) as 0 | 1),
  };
  world.machines.push(machine);
  world.time.after(0, machine, () => void open(world, machine));
  return machine;
}

async function open(world: World, machine: Machine): Promise<void> {
  const random = seededRandom(world.random.integer(2 ** 32));
  const { isCalm } = world;
  try {
    const leash = await createLeash({
      policy: policyOf(machine),
      mode: machine.mode,
      store: storeOf(world, machine),
      keys: world.keys,
      clock: { now: () => world.disk.store.now() },
      random: (size) => random(size),
      notify: [],
      ...NOTHING_KEPT,
      principal: { tenant: "acme", subject: "ann", agent: "agent" },
    });
    for (const id of TOOL_NAMES) leash.register({ id, idempotent: TOOLS[id].idempotent });
    machine.leash = leash;
    note(world, () => `${machine.name} has started`);
  } catch (error) {
    if (!isLeashError(error, "LEASH_STORE_UNAVAILABLE") || isCalm)
      violate(world, "liveness", `${machine.name} cannot start: ${String(error)}`);
    count(world, "start failed");
    world.time.after(1_000, machine, () => void open(world, machine));
  }
}

/** The process is gone, wherever it was. Its successor comes later. */
export function crash(world: World, machine: Machine): void {
  if (!machine.alive) return;
  machine.alive = false;
  count(world, "process crashed");
  note(world, () => `${machine.name} DIES`);
  for (const start of world.starts) if (start.machine === machine && start.ending === "running") start.ending = "died";
  const { random, time } = world;
  time.after(random.pick([1, 50, 2_000, 31_000]), null, () => void boot(world, machine.mode));
}

/** The process ends as it should: it waits for what runs, then withdraws its lease. */
export function stop(world: World, machine: Machine): void {
  const { leash } = machine;
  if (leash === undefined) return;
  machine.leash = undefined;
  count(world, "process closed");
  note(world, () => `${machine.name} closes`);
  world.time.after(0, machine, () => void leash.close());
  boot(world, machine.mode);
}

/** Processes that have a leash and enforce what it says. */
export function ready(world: World): readonly Machine[] {
  return withLeash(world, "enforce");
}

/** Processes that have a leash and only observe. */
export function observing(world: World): readonly Machine[] {
  return withLeash(world, "observe");
}

function withLeash({ machines }: World, wanted: Mode): readonly Machine[] {
  return machines.filter(({ alive, leash, mode }) => alive && leash !== undefined && mode === wanted);
}
