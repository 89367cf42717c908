import type {
  AgainChoice,
  Approval,
  Json,
  KeyRing,
  Mode,
  Principal,
  SettledOutcome,
  UnsettledCall,
} from "@leashkit/core";
import { memoryKeyRing, type Leash } from "@leashkit/core";
import { seededRandom, type SeededRandom } from "@leashkit/core/testing";
import { chainOf, type ChildName } from "./children.ts";
import { createDisk, type Disk } from "./disk.ts";
import type { ToolName } from "./policies.ts";
import { drawTheme, type Theme } from "./themes.ts";
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
  /** One that observes runs what it is asked to, and leaves everybody else alone. */
  readonly mode: Mode;
}

/** A call as an agent wants it, whoever proposes it and how often. */
export interface Wanted {
  readonly name: string;
  readonly tool: ToolName;
  readonly input: Json;
  readonly principal: Pick<Principal, "tenant" | "subject" | "agent">;
  /** The child agent that makes it; undefined for the principal's own. */
  readonly child: ChildName | undefined;
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
  /** Undefined where no leave is recorded. */
  readonly attemptId: string | undefined;
  readonly approvalId: string | null;
  readonly idempotencyKey: string;
  ending: Ending;
  /** The agent had gone away by the time it ended. */
  wasAborted: boolean;
  /** A person said of the call, after this run of it, that nothing had happened: whatever is true, it may run again. */
  isForgiven: boolean;
}

/** Leave to run, as it was committed. */
export interface Leave {
  readonly journalId: string;
  readonly attemptId: string;
  readonly digest: string;
  readonly actionId: string | undefined;
  readonly approvalId: string | null;
  /** The standing yes it stands on. */
  readonly allowanceId: string | undefined;
  /** What the call's row said before. */
  readonly before: string;
}

/** What a person did at a desk, and what they saw when they did. */
export interface Click {
  readonly verb: "approve" | "deny" | "edit" | "revoke";
  readonly person: string;
  readonly approvalId: string;
  /** Digest of the text that was shown. */
  readonly digest: string;
  /** Calls like it that were permitted, too. */
  readonly again?: Required<AgainChoice> | undefined;
  /** Everything that was answered by this very click; undefined for one question by itself. */
  readonly list?: readonly string[] | undefined;
}

/** A standing yes, by what the person saw and said who gave it, and by the commits that used it. */
export interface Given extends Required<AgainChoice> {
  readonly approval: Approval;
  readonly grantedAt: number;
  used: number;
  isTakenBack: boolean;
}

/** A person's no, as long as it answers calls like it. */
export interface Refused {
  readonly approval: Approval;
  /** Virtual milliseconds. */
  readonly at: number;
  /** Epoch milliseconds, store clock. */
  readonly until: number;
}

/** What a person said about a call whose outcome nobody knew, having looked at it. */
export interface Settling {
  readonly tenant: string;
  readonly person: string;
  readonly call: UnsettledCall;
  readonly outcome: SettledOutcome;
  /** Named by its id or digest, and not by what was looked at. */
  readonly isByName: boolean;
}

/** One attempt of an agent at a call, and what came of it. */
export interface Attempt {
  readonly wanted: Wanted;
  readonly machine: Machine;
  readonly how: string;
  /** Virtual milliseconds. */
  readonly proposedAt: number;
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

/** What processes that only observe have written and done. */
export interface Observed {
  /** Decisions that are recorded and whose run has not begun, by action id. */
  readonly decided: Map<string, number>;
  /** Digests of what ran, by action id. */
  readonly ran: Map<string, Set<string>>;
  /** Ids of the counters that are theirs, and what counts on them. */
  readonly counters: Set<string>;
  readonly used: Map<string, number>;
  /** How often each attempt ran. */
  readonly runs: Map<Attempt, number>;
}

/** Everything there is in one seed. */
export interface World {
  readonly random: SeededRandom;
  readonly time: Time;
  readonly disk: Disk;
  readonly keys: KeyRing;
  weather: Weather;
  readonly theme: Theme;
  /** Until when the store answers nobody, or one process only. Virtual milliseconds. */
  outage: { readonly until: number; readonly only: Machine | undefined };
  /** How far the wall clock is from virtual time. Milliseconds. */
  clockOffset: number;
  /** When the store last did not answer somebody, or not soon. Virtual milliseconds; -1 for never. */
  failedAt: number;
  /** Until when messages are under way that were sent by now. Virtual milliseconds. */
  busyUntil: number;
  /** True once nothing goes wrong any more. */
  isCalm: boolean;
  readonly machines: Machine[];
  readonly wanted: Wanted[];
  readonly starts: Start[];
  readonly leaves: Map<string, Leave>;
  /** What counts on each counter, and on which of them each call counts, by its row. */
  readonly used: Map<string, number>;
  readonly charged: Map<string, readonly string[]>;
  /** When something was last given back to a counter. Virtual milliseconds. */
  readonly freedAt: Map<string, number>;
  readonly clicks: Click[];
  /** Standing yeses, by their id. */
  readonly given: Map<string, Given>;
  /** Ids of yeses of which a desk told a person that they are taken back. */
  readonly takenBack: Set<string>;
  readonly refused: Refused[];
  readonly settlings: Settling[];
  /** What each process's lease says, and when it last was found lapsed, by the instance. Epoch milliseconds, store clock. */
  readonly leases: Map<string, { readonly until: number; readonly lapsedAt: number }>;
  readonly observed: Observed;
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
export function principalOf({ child, principal }: Wanted): Principal {
  const agent = child ?? principal.agent;
  return { ...principal, agent, chain: chainOf(agent) };
}

const EPOCH = Date.UTC(2026, 0, 1);

/** The same keys in every seed: to make them is the dearest part of a short one. */
const KEYS = memoryKeyRing({ clock: { now: () => EPOCH }, random: seededRandom(1) });

export function createWorld(seed: number, isTraced: boolean): World {
  const random = seededRandom(seed);
  const time = createTime();
  const theme = drawTheme(random);
  const disk = createDisk({ now: () => EPOCH + time.now() + world.clockOffset });
  const world: World = {
    random,
    time,
    disk,
    keys: KEYS,
    weather: { ...drawWeather(random), ...theme.weather },
    theme,
    outage: { until: 0, only: undefined },
    clockOffset: 0,
    failedAt: -1,
    busyUntil: 0,
    isCalm: false,
    ...emptyHistory(),
    trace: isTraced ? [] : undefined,
  };
  return world;
}

/** What happened and is known of it at the start: nothing. */
function emptyHistory() {
  return {
    machines: [],
    wanted: [],
    starts: [],
    leaves: new Map(),
    used: new Map(),
    charged: new Map(),
    freedAt: new Map(),
    clicks: [],
    given: new Map(),
    takenBack: new Set<string>(),
    refused: [],
    settlings: [],
    leases: new Map(),
    observed: { decided: new Map(), ran: new Map(), counters: new Set<string>(), used: new Map(), runs: new Map() },
    attempts: [],
    promised: new Set<Attempt>(),
    told: [],
    aborts: new WeakMap(),
    seen: [],
    forged: new Set<string>(),
    violations: [],
    counts: new Map(),
  };
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
