import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { createLeash } from "../../leash.ts";
import type { Approval } from "../../model/approval.ts";
import type { Desk } from "../../model/desk.ts";
import type { Gate } from "../../model/gate.ts";
import type { Leash } from "../../model/leash.ts";
import { memoryStore } from "../../store/memory.ts";
import type { Store } from "../../store/store.ts";
import { memoryKeyRing, type KeyRing } from "../../tokens/keys.ts";
import { faultyStore } from "../faulty-store.ts";
import { scriptedPolicy } from "../scripted-policy.ts";
import type { AdapterBinding, BindingHost } from "./binding.ts";
import type { Setting } from "./scenario.ts";
import { suiteTools, told } from "./tools.ts";

/** Everything one scenario needs, over a store and keys that survive a restart. */
export interface World {
  readonly setting: Setting;
  /** Approvals that people were told of, in order. */
  readonly asked: readonly Approval[];
  /** What tools ran with, in order: `buy amount=5 item=tea`. */
  readonly runs: readonly string[];
  readonly leash: () => Leash;
  readonly host: () => BindingHost;
  readonly desk: (approver: string) => Desk;
  /** A turn begins, which the policy is told. */
  begin(): void;
  /** Another process over the same store, keys and host state; the one before is left as it is, as a crash leaves it. */
  restart(): Promise<void>;
  /** The log's lines. */
  log(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What one scenario's worlds before and after a restart share. */
interface Kept {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly host: Map<string, unknown>;
  turns: number;
  paused: boolean;
}

export async function createWorld(binding: AdapterBinding, setting: Setting): Promise<World> {
  const asked: Approval[] = [];
  const runs: string[] = [];
  const fault = { state: setting.store };
  const kept: Kept = {
    store: faultyStore(memoryStore(), { failCommit: () => failing(fault) }),
    keys: memoryKeyRing({ clock: { now: () => Date.now() }, random: randomBytes }),
    host: new Map(),
    turns: 0,
    paused: false,
  };
  const opened: Leash[] = [];
  const open = async (): Promise<{ leash: Leash; host: BindingHost }> => {
    const leash = await openLeash(setting, kept, (approval) => asked.push(approval));
    opened.push(leash);
    const started = (tool: string, input: unknown): void => {
      runs.push(`${tool} ${told(input)}`);
      if (setting.store === "down while the tool runs") fault.state = "down before the call";
    };
    if (setting.store !== "down while the tool runs") fault.state = setting.store;
    return { leash, host: await hostFor(binding, setting, leash, kept, started) };
  };
  fault.state = "none";
  let current = await open();
  return {
    setting,
    asked,
    runs,
    leash: () => current.leash,
    host: () => current.host,
    desk: (id) => current.leash.desk({ id }),
    begin: () => void (kept.turns += 1),
    async restart() {
      // Logs are read in the order of their streams' times, of which a millisecond is the least.
      await setTimeout(2);
      current = await open();
    },
    async log() {
      fault.state = "none";
      const lines: string[] = [];
      for await (const line of current.leash.exportLog()) lines.push(line);
      return lines;
    },
    async close() {
      fault.state = "none";
      for (const leash of opened) await leash.close();
    },
  };
}

function failing(fault: { state: Setting["store"] }): "before" | "after" | undefined {
  if (fault.state === "down before the call") return "before";
  if (fault.state !== "answer lost") return undefined;
  fault.state = "none";
  return "after";
}

function openLeash(setting: Setting, kept: Kept, asked: (approval: Approval) => number): Promise<Leash> {
  const opening: Promise<Leash> = createLeash({
    policy: scriptedPolicy((action) => setting.answer(action, kept.turns)),
    store: kept.store,
    keys: kept.keys,
    mode: setting.mode,
    notify: async (approval) => {
      const number = asked(approval);
      await answer(await opening, approval, setting.person, number);
    },
  });
  return opening;
}

/** What the edit of a scenario makes of any input. */
export const EDITED = { item: "tea", amount: 3 };

/** What the scripted people do about an approval. The desk may refuse an answer: that is part of the story. */
async function answer(leash: Leash, approval: Approval, person: Setting["person"], number: number): Promise<void> {
  const ann = leash.desk({ id: "ann" });
  const proven = leash.desk({ id: "ann", method: "totp", assurance: "step_up" });
  const answers: Readonly<Record<Setting["person"], () => Promise<unknown>>> = {
    yes: () => ann.approve(approval.id),
    "yes with proof": () => proven.approve(approval.id),
    no: () => ann.deny(approval.id),
    "no with a note": () => ann.deny(approval.id, { reason: "not today" }),
    // One person edits what the other one then sees.
    edit: () => (number === 1 ? ann.edit(approval.id, EDITED) : leash.desk({ id: "bob" }).approve(approval.id)),
    nobody: async () => undefined,
  };
  await Promise.allSettled([answers[person]()]);
}

async function hostFor(
  binding: AdapterBinding,
  setting: Setting,
  leash: Leash,
  kept: Kept,
  started: (tool: string, input: unknown) => void,
): Promise<BindingHost> {
  const gate: Gate = setting.narrowedTo === undefined ? leash : leash.narrow({ tools: setting.narrowedTo });
  const delegate = (): Promise<string> => subAgent(binding, setting, leash, started);
  const pause = async (): Promise<void> => {
    if (kept.paused) return;
    kept.paused = true;
    await binding.pauseInside?.();
  };
  const tools = suiteTools({ behaviour: setting.behaviour, started, delegate, pause });
  return binding.host({ gate, tools, pause: setting.pause, kept: kept.host });
}

/** An agent below the first one, which may buy and nothing else, and tries to rent as well. */
async function subAgent(
  binding: AdapterBinding,
  setting: Setting,
  leash: Leash,
  started: (tool: string, input: unknown) => void,
): Promise<string> {
  const gate = leash.narrow({ agent: "child", tools: ["buy"] });
  const work = {
    behaviour: setting.behaviour,
    started,
    delegate: async () => "no deeper",
    pause: async () => undefined,
  };
  const tools = suiteTools(work);
  const host = await binding.host({ gate, tools, pause: "hold", kept: new Map() });
  const ended: string[] = [];
  for (const [tool, input] of [
    ["buy", { item: "tea", amount: 5 }],
    ["rent", { item: "boat" }],
  ] as const) {
    const turn = await host.turn([{ id: `child-${tool}`, tool, arguments: JSON.stringify(input) }], {});
    ended.push(turn.kind === "ended" ? (turn.calls[0]?.text ?? "") : "suspended");
  }
  return ended.join(" / ");
}
