import { LeashError, type Change, type Kind, type Store } from "@leashkit/core";
import { checkUntouched } from "./observed.ts";
import { count, isOneOf, type Machine, note, type World } from "./world.ts";

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

function down(): LeashError {
  return new LeashError("LEASH_STORE_UNAVAILABLE", "The store does not answer, because the simulation says so.");
}

/** A question and its answer that both take this long may be too late for whoever asked. Milliseconds. */
const LATE_MS = 1_000;

/** How long one message is under way. Milliseconds. */
function delay(world: World): number {
  const ms = drawDelay(world);
  world.busyUntil = Math.max(world.busyUntil, world.time.now() + ms);
  if (ms >= LATE_MS) world.failedAt = world.time.now();
  return ms;
}

function drawDelay(world: World): number {
  const { random, weather } = world;
  if (isOneOf(world, weather.stalled)) {
    count(world, "answer stalled for up to 50 s");
    return random.integer(50_000);
  }
  if (isOneOf(world, weather.slow)) {
    count(world, "answer delayed by up to 3 s");
    return random.integer(3_000);
  }
  return random.integer(4) === 0 ? random.integer(25) : random.integer(2);
}

function isOut({ outage, time }: World, machine: Machine): boolean {
  return time.now() < outage.until && (outage.only === undefined || outage.only === machine);
}

/** One store call: a message there, its effect, and the answer back. Any of the three may get lost. */
function call<T>(world: World, machine: Machine, perform: () => Promise<T>, isLost = false): Promise<T> {
  if (!machine.alive) return never();
  const { random, time } = world;
  const isRefused = isOneOf(world, world.weather.refused);
  // A process that dies leaves behind what it had sent: it arrives, or not.
  const arrivesAnyway = random.integer(2) === 0;
  return new Promise<T>((resolve, reject) => {
    const answer = (deliver: () => void): void => {
      const back = delay(world);
      if (back === 0 && machine.alive) deliver();
      else time.after(back, machine, deliver);
    };
    const arrive = async (): Promise<void> => {
      if (!machine.alive && !arrivesAnyway) return;
      if (!machine.alive) count(world, "message of a dead process arrived");
      if (isRefused || isOut(world, machine)) {
        count(world, isRefused ? "store call refused" : "store call during an outage");
        world.failedAt = time.now();
        answer(() => reject(down()));
        return;
      }
      try {
        const result = await perform();
        if (isLost) count(world, "answer to a commit lost");
        answer(() => (isLost ? reject(down()) : resolve(result)));
      } catch (error) {
        answer(() => reject(error));
      }
    };
    time.after(delay(world), machine, arrive, true);
  });
}

/** Somebody writes a row again as it is: what whoever read it expects does not hold any more. */
async function touch(world: World, changes: readonly Change[]): Promise<void> {
  const change = changes.find(({ expect }) => expect > 0);
  const row = change && world.disk.row(change.kind, change.id);
  if (row === undefined) return;
  count(world, "row touched before a commit");
  await world.disk.overwrite(row.kind, row.id, row.body);
}

async function watch(
  world: World,
  machine: Machine,
  row: readonly [Kind, string, number],
  signal: AbortSignal,
): Promise<void> {
  const { disk, random, time } = world;
  const [kind, id, version] = row;
  if (!machine.alive) return never();
  if (isOut(world, machine)) throw down();
  await new Promise<void>((resolve) => {
    // A notification takes its time, or the next poll finds what it should have told.
    const ring = (): void => void time.after(random.integer(100), machine, end);
    const stop = disk.listen(kind, id, ring);
    const end = (): void => {
      stop();
      signal.removeEventListener("abort", end);
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    else if ((disk.row(kind, id)?.version ?? 0) !== version) ring();
    else if (random.integer(8) === 0) time.after(random.integer(5_000), machine, end);
  });
}

/** The store as one process reaches it, over a connection that has all the faults of the weather. */
export function storeOf(world: World, machine: Machine): Store {
  const { disk } = world;
  const { store } = disk;
  return {
    shared: true,
    now: () => store.now(),
    get: (kind, id) => call(world, machine, () => store.get(kind, id)),
    list: (kind, query) => call(world, machine, () => store.list(kind, query)),
    commit(changes, append) {
      const { conflict, lost, touched } = world.weather;
      const [change] = changes;
      if (change !== undefined && isOneOf(world, conflict)) {
        count(world, "conflict told");
        return call(world, machine, async () => ({ ok: false, conflict: change }));
      }
      const isTouched = isOneOf(world, touched);
      const perform = async (): ReturnType<Store["commit"]> => {
        if (isTouched) await touch(world, changes);
        checkUntouched(world, machine, changes);
        const result = await store.commit(changes, append);
        if (!result.ok) count(world, "commit in conflict");
        note(world, () => `${machine.name} ${result.ok ? "commits" : "may not commit"} ${describe(changes)}`);
        return result;
      };
      return call(world, machine, perform, isOneOf(world, lost));
    },
    watch: (kind, id, version, signal) => watch(world, machine, [kind, id, version], signal),
    streams: () => call(world, machine, () => store.streams()),
    lines: (stream, from, limit) => call(world, machine, () => store.lines(stream, from, limit)),
    close: () => Promise.resolve(),
  };
}

function describe(changes: readonly Change[]): string {
  const states = changes.map(({ body, id, kind }) => {
    const { state, status } = Object(body) as { readonly state?: string; readonly status?: string };
    return `${kind} ${id.slice(-6)}${state === undefined ? "" : ` ${state}`}${status === undefined ? "" : ` ${status}`}`;
  });
  return states.length === 0 ? "records" : states.join(", ");
}
