import type { Approval, Json, KeyRing, Principal } from "@leashkit/core";
import { memoryKeyRing, type Leash } from "@leashkit/core";
import { seededRandom, type SeededRandom } from "@leashkit/core/testing";
import { createDisk, type Disk } from "./disk.ts";
import type { ToolName } from "./policies.ts";
import { createTime, type Time } from "./time.ts";
import { CALM, drawWeather, type Weather } from "./weather.ts";

/** A simulated process: a leash of its own over the store that all share. */
export interface Machine {
  readonly name: string;
  readonly pid: number;
  alive: boolean;
  /** Undefined until it has started, and once it is closed. */
  leash: Leash | undefined;
  /** Which of the two policies it goes by. */
  version: 0 | 1;
}

/** A call as an agent wants it, whoever proposes it and how often. */
export interface Wanted {
  readonly name: string;
  readonly tool: ToolName;
  readonly input: Json;
  readonly principal: Partial<Principal>;
  readonly session: string | undefined;
  readonly isDurable: boolean;
}

/** How a run ended, as its tool knows it. */
export type Ending = "running" | "ok" | "threw" | "no-effect" | "paused" | "died";

/** One run of a tool: an effect. */
export interface Start {
  readonly index: number;
  readonly wanted: Wanted;
  readonly machine: Machine;
  readonly journalId: string;
  readonly approvalId: string | null;
  readonly idempotencyKey: string;
  ending: Ending;
  /** The agent had gone away by the time it ended. */
  wasAborted: boolean;
}

/** Leave to run, as it was committed. */
export interface Leave {
  readonly journalId: string;
  readonly attemptId: string;
  readonly digest: string;
  readonly actionId: string | undefined;
  readonly approvalId: string | null;
  readonly before: string;
}

/** What a person did at a desk, and what they saw when they did. */
export interface Click {
  readonly verb: "approve" | "deny" | "edit";
  readonly person: string;
  readonly approvalId: string;
  /** Digest of the text that was shown. */
  readonly digest: string;
}

/** One attempt of an agent at a call, and what came of it. */
export interface Attempt {
  readonly wanted: Wanted;
  readonly machine: Machine;
  readonly how: string;
  /** Undefined while it is under way. */
  outcome: string | undefined;
}

/** A ref that an agent was told. */
export interface Told {
  readonly ref: string;
  readonly wanted: Wanted;
}

export interface Violation {
  readonly invariant: string;
  readonly problem: string;
}

/** Everything there is in one seed. */
export interface World {
  readonly random: SeededRandom;
  readonly time: Time;
  readonly disk: Disk;
  readonly keys: KeyRing;
  weather: Weather;
  /** Until when the store answers nobody, or one process only. Virtual milliseconds. */
  outage: { readonly until: number; readonly only: Machine | undefined };
  /** How far the wall clock is from virtual time. Milliseconds. */
  clockOffset: number;
  /** Until when messages are under way that were sent by now. Virtual milliseconds. */
  busyUntil: number;
  /** True once nothing goes wrong any more. */
  isCalm: boolean;
  readonly machines: Machine[];
  readonly wanted: Wanted[];
  readonly starts: Start[];
  readonly leaves: Map<string, Leave>;
  /** Calls of what is limited that count, by tenant. */
  readonly used: Map<string, number>;
  readonly clicks: Click[];
  readonly attempts: Attempt[];
  /** Attempts that must end with a result. */
  readonly promised: Set<Attempt>;
  readonly told: Told[];
  /** What ends an agent's interest in a call, by the signal that the call was given. */
  readonly aborts: WeakMap<AbortSignal, () => void>;
  /** Approvals that a person has seen, as they were then. */
  readonly seen: Approval[];
  /** Approvals whose rows somebody wrote behind the leash's back. */
  readonly forged: Set<string>;
  readonly violations: Violation[];
  /** How often what was reached. */
  readonly counts: Map<string, number>;
  /** Lines for people; undefined where nobody reads them. */
  readonly trace: string[] | undefined;
}

/** Whose call it is, in full. */
export function principalOf({ principal }: Wanted): Pick<Principal, "tenant" | "subject" | "agent"> {
  return { tenant: "acme", subject: "ann", agent: "agent", ...principal };
}

const EPOCH = Date.UTC(2026, 0, 1);

/** The same keys in every seed: to make them is the dearest part of a short one. */
const KEYS = memoryKeyRing({ clock: { now: () => EPOCH }, random: seededRandom(1) });

export function createWorld(seed: number, isTraced: boolean): World {
  const random = seededRandom(seed);
  const time = createTime();
  const disk = createDisk({ now: () => EPOCH + time.now() + world.clockOffset });
  const world: World = {
    random,
    time,
    disk,
    keys: KEYS,
    weather: drawWeather(random),
    outage: { until: 0, only: undefined },
    clockOffset: 0,
    busyUntil: 0,
    isCalm: false,
    machines: [],
    wanted: [],
    starts: [],
    leaves: new Map(),
    used: new Map(),
    clicks: [],
    attempts: [],
    promised: new Set(),
    told: [],
    aborts: new WeakMap(),
    seen: [],
    forged: new Set(),
    violations: [],
    counts: new Map(),
    trace: isTraced ? [] : undefined,
  };
  return world;
}

/** Writes a line of what happens. The text is made only where somebody reads it. */
export function note(world: World, text: () => string): void {
  world.trace?.push(`${String(world.time.now()).padStart(7)} ms  ${text()}`);
}

export function count(world: World, what: string): void {
  world.counts.set(what, (world.counts.get(what) ?? 0) + 1);
}

export function violate(world: World, invariant: string, problem: string): void {
  world.violations.push({ invariant, problem });
  note(world, () => `VIOLATION of ${invariant}: ${problem}`);
}

/** True for so many of 1,000. */
export function isOneOf(world: World, ofThousand: number): boolean {
  return ofThousand > 0 && world.random.integer(1_000) < ofThousand;
}

export function calm(world: World): void {
  world.isCalm = true;
  world.weather = { ...CALM, oneMachine: world.weather.oneMachine };
  world.outage = { until: 0, only: undefined };
  note(world, () => "nothing goes wrong any more");
}
