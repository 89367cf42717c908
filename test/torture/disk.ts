import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  createLeash,
  fileSink,
  isLeashError,
  type Leash,
  type LeashOptions,
  memoryStore,
  readLog,
  readLogFiles,
  type ToolCall,
  verifyJsonl,
} from "@leashkit/core";
import type { Report, RunOptions } from "../report.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";

/** A leash with one tool whose effects are counted. */
interface Counted {
  readonly leash: Leash;
  /** What came of a proposal: `ran`, or the code and the message of the refusal. */
  readonly propose: (call: Omit<ToolCall, "tool">) => Promise<string>;
  readonly runs: () => number;
}

const POLICY = {
  text: "leash: 1\nrules:\n  - { id: small, action: buy, when: input.amount < 50, effect: allow }\n  - { id: large, action: buy, effect: approve }\n",
};

export const SMALL = { input: { amount: 10 } };
export const LARGE = { input: { amount: 100 }, callId: "large", scope: "disk" };

export async function countedLeash(options: Partial<LeashOptions>): Promise<Counted> {
  const leash = await createLeash({ policy: POLICY, notify: [], ...options });
  leash.register({ id: "buy" });
  let runs = 0;
  const buy = (): number => (runs += 1);
  return {
    leash,
    runs: () => runs,
    propose: (call) => told(leash.guard({ tool: "buy", ...call }, buy, { pause: "defer" })),
  };
}

/** `ran`, or the code and the message of what was thrown. */
export async function told(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ran";
  } catch (error) {
    if (!isLeashError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const FULL = /^LEASH_STORE_UNAVAILABLE: .*The disk is full: make room\./u;
const READ_ONLY = /^LEASH_STORE_UNAVAILABLE: .*It is read-only: check the rights/u;

/** What was not as it must be; empty where all was. */
type Findings = readonly string[];

function expectAll(facts: Readonly<Record<string, boolean>>): Findings {
  return Object.entries(facts).flatMap(([fact, holds]) => (holds ? [] : [`not so: ${fact}`]));
}

/** A-S4: on a full disk nothing runs and no yes is taken; with room again the same leash goes on where it was. */
export async function fullDisk(disk: SmallDisk): Promise<Findings> {
  const { leash, propose, runs } = await countedLeash({ state: join(disk.folder, "state") });
  const desk = leash.desk({ id: "ann" });
  const first = await propose(SMALL);
  const asked = await propose(LARGE);
  const [waiting] = await desk.pending();
  disk.fill();
  const refusals = [await propose(SMALL), await propose(LARGE), await told(desk.approve(waiting?.id ?? ""))];
  const refusedRuns = runs();
  const open = await desk.pending();
  disk.free();
  const later = [await told(desk.approve(waiting?.id ?? "")), await propose(LARGE), await propose(SMALL)];
  const log = await leash.verifyLog();
  await leash.close();
  return expectAll({
    "with room, a call runs and another one asks": first === "ran" && asked.startsWith("LEASH_PENDING"),
    "without room every refusal is coded and says what to do": [refusals[0], refusals[2]].every((text) =>
      FULL.test(text ?? ""),
    ),
    "without room nothing runs": refusedRuns === 1 && !refusals.includes("ran"),
    "a yes that could not be written is none": open.length === 1,
    "with room again the same leash takes the yes and runs both calls":
      later.every((text) => text === "ran") && runs() === 3,
    "the log holds": log.ok,
  });
}

/** A-S4, A-S17: the same for a log file beside a memory store: it is refused until the store is opened again. */
export async function fullLogDisk(disk: SmallDisk): Promise<Findings> {
  const options = { store: "memory", audit: { file: join(disk.folder, "audit.jsonl") } } as const;
  const before = await countedLeash(options);
  const first = await before.propose(SMALL);
  disk.fill();
  const refusal = await before.propose(SMALL);
  await before.leash.close();
  disk.free();
  const after = await countedLeash(options);
  const again = await after.propose(SMALL);
  const log = await after.leash.verifyLog();
  await after.leash.close();
  return expectAll({
    "with room, a call runs": first === "ran",
    "without room the refusal is coded and says what to do": FULL.test(refusal),
    "without room nothing runs": before.runs() === 1,
    "with room again a new leash continues the log and runs": again === "ran" && log.ok,
  });
}

const AWAY = /^LEASH_STORE_UNAVAILABLE: .*"file"/u;

/** I5, A-S4: while the disk of a required sink is full nothing runs; with room again the same leash goes on, and all lines arrive. */
export async function fullSinkDisk(disk: SmallDisk): Promise<Findings> {
  const file = join(disk.folder, "leash.jsonl");
  const sinks = [fileSink({ file, required: true })];
  const store = memoryStore();
  const { leash, propose, runs } = await countedLeash({ store, audit: { sinks, acceptWithinMs: 300 } });
  const first = await propose(SMALL);
  disk.fill();
  const refusals = [await propose(SMALL), await propose(SMALL)];
  const refusedRuns = runs();
  disk.free();
  let again = "";
  for (let tries = 0; tries < 100 && again !== "ran"; tries += 1) again = await propose(SMALL);
  await leash.close();
  let stored = 0;
  for await (const _entry of readLog(store)) stored += 1;
  const copied = await verifyJsonl(readLogFiles(file));
  return expectAll({
    "with room, a call runs": first === "ran",
    "without room the refusal is coded and names the sink": refusals.every((text) => AWAY.test(text)),
    "without room nothing runs": refusedRuns === 1,
    "with room again the same leash runs": again === "ran" && runs() === 2,
    "every line of the log is in the file, and holds": copied.ok && copied.records === stored,
  });
}

/** How the right to write is taken from a state folder, and given back. */
export interface Right {
  /** Gives the folder without the right, which may be a copy of the one that it was taken from. */
  take(folder: string): string;
  give(): void;
}

/** On a disk of its own: libsql closes its files only when it is collected as garbage, and a disk in use is not locked. */
export function rightOn(disk: SmallDisk): Right {
  return {
    take(folder) {
      const copy = join(disk.folder, "copy");
      cpSync(folder, copy, { recursive: true });
      disk.forbidWriting();
      return copy;
    },
    give: () => disk.allowWriting(),
  };
}

/** A-S4: over a state folder that nobody may write to, no leash starts; with the right back, one does. */
export async function readOnlyFolder(right: Right): Promise<Findings> {
  const parent = mkdtempSync(join(tmpdir(), "leashkit-rights-"));
  try {
    return await lockAndUnlock(join(parent, "state"), right);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

/**
 * libsql closes a file that it could not use only when its statements are collected; until then this process, and only this
 * one, goes on taking the file for read-only.
 */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 5; round += 1) {
    collect();
    await sleep(20);
  }
}

async function lockAndUnlock(folder: string, right: Right): Promise<Findings> {
  const before = await countedLeash({ state: folder });
  const first = await before.propose(SMALL);
  await before.leash.close();
  const locked = right.take(folder);
  const refusal = await told(countedLeash({ state: locked }));
  right.give();
  await collectGarbage();
  const after = await countedLeash({ state: locked });
  const again = await after.propose(SMALL);
  const log = await after.leash.verifyLog();
  await after.leash.close();
  return expectAll({
    "before, a call runs": first === "ran",
    "the refusal is coded and says what to do": READ_ONLY.test(refusal),
    "afterwards a new leash goes on": again === "ran" && log.ok,
  });
}

const PARTS: Readonly<Record<string, (disk: SmallDisk) => Promise<Findings>>> = {
  "full disk": fullDisk,
  "full disk under a log": fullLogDisk,
  "read-only folder": (disk) => readOnlyFolder(rightOn(disk)),
};

/** `npm run torture -- disk`. */
export async function runDisk(_options: RunOptions, report: Report): Promise<void> {
  for (const [name, part] of Object.entries(PARTS)) {
    const mounted = mountSmallDisk();
    if ("reason" in mounted) {
      report.note(`${name}: left out, because ${mounted.reason}`);
      continue;
    }
    try {
      const problems = await part(mounted.disk);
      for (const problem of problems) report.note(`${name}: ${problem}`);
      report.target({ name, value: problems.length, mustBe: "exactly", limit: 0, unit: "problems" });
    } finally {
      mounted.disk.remove();
    }
  }
}
