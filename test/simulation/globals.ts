import type { Owner, Time } from "./time.ts";

/** What the leash sees of the process that it runs in. */
export interface ProcessView {
  /** The pid of the process whose event is going on; undefined for the real one. */
  pid(): number | undefined;
  /** What becomes of a question for a simulated pid: whether it is there. Undefined for a real one. */
  exists(pid: number): "yes" | "no" | "elsewhere" | undefined;
}

type Timer = ReturnType<typeof setTimeout>;

const TIMERS = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "setImmediate",
  "clearImmediate",
] as const;

/**
 * Puts virtual timers, and simulated processes' pids, in the place of the real ones. Only what happens inside an event is
 * virtual: whoever else runs in this process (a test runner) keeps real time.
 * @returns what puts everything back.
 */
export function installGlobals(time: Time, view: ProcessView): () => void {
  const kept = TIMERS.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  const keptPid = Object.getOwnPropertyDescriptor(process, "pid");
  const keptKill = Object.getOwnPropertyDescriptor(process, "kill");
  const realKill = process.kill.bind(process);
  const realPid = process.pid;
  const keptDepth = Error.stackTraceLimit;
  // Most errors here are refusals as planned, and their stacks cost more than all the rest.
  Error.stackTraceLimit = 0;
  Object.assign(globalThis, virtualTimers(time));
  Object.defineProperty(process, "pid", { configurable: true, enumerable: true, get: () => view.pid() ?? realPid });
  process.kill = (pid, signal) => {
    const there = view.exists(pid);
    if (there === undefined) return realKill(pid, signal);
    if (there === "yes") return true;
    throw Object.assign(new Error("kill"), { code: there === "no" ? "ESRCH" : "EPERM" });
  };
  return () => {
    for (const [name, descriptor] of kept) if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    if (keptPid) Object.defineProperty(process, "pid", keptPid);
    if (keptKill) Object.defineProperty(process, "kill", keptKill);
    Error.stackTraceLimit = keptDepth;
  };
}

/** A timer of Node as far as anybody here uses one. */
interface VirtualTimer {
  cancel: () => void;
  ref(): VirtualTimer;
  unref(): VirtualTimer;
}

function virtualTimer(): VirtualTimer {
  const timer: VirtualTimer = { cancel: () => undefined, ref: () => timer, unref: () => timer };
  return timer;
}

function virtualTimers(time: Time): Record<(typeof TIMERS)[number], unknown> {
  const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis;
  const arm = (timer: VirtualTimer, owner: Owner | null, ms: number, work: () => unknown): VirtualTimer => {
    timer.cancel = time.after(ms, owner, work);
    return timer;
  };
  const once = (work: (...values: unknown[]) => unknown, ms: number, values: readonly unknown[]): VirtualTimer =>
    arm(virtualTimer(), time.current() ?? null, ms, () => work(...values));
  const often = (work: (...values: unknown[]) => unknown, ms: number, values: readonly unknown[]): VirtualTimer => {
    const timer = virtualTimer();
    const owner = time.current() ?? null;
    const again = (): void => {
      arm(timer, owner, ms, again);
      work(...values);
    };
    return arm(timer, owner, ms, again);
  };
  const clear = (real: (timer?: Timer) => void) => (timer: unknown) => {
    if (typeof timer === "object" && timer !== null && "cancel" in timer) (timer as VirtualTimer).cancel();
    else real(timer as Timer | undefined);
  };
  type Work = (...values: unknown[]) => void;
  const isVirtual = (): boolean => time.current() !== undefined;
  return {
    setTimeout: (work: Work, ms = 1, ...values: unknown[]) =>
      isVirtual() ? once(work, Math.max(1, ms), values) : setTimeout(work, ms, ...values),
    setInterval: (work: Work, ms = 1, ...values: unknown[]) =>
      isVirtual() ? often(work, Math.max(1, ms), values) : setInterval(work, ms, ...values),
    setImmediate: (work: Work, ...values: unknown[]) =>
      isVirtual() ? once(work, 0, values) : setImmediate(work, ...values),
    clearTimeout: clear(clearTimeout),
    clearInterval: clear(clearInterval),
    clearImmediate: clear(clearImmediate as (timer?: Timer) => void),
  };
}
