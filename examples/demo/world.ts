import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash, type Leash } from "@leashkit/core";
import { MemorySaver } from "@langchain/langgraph";
import { AGENT, shoppingAgent, type ShoppingAgentOptions } from "./agent.ts";
import { followLog, type LogFollower } from "./log.ts";
import { type DemoOptions, withThreshold } from "./options.ts";
import type { Order } from "./orders.ts";
import { type Person, personAtTerminal, scriptedPerson } from "./person.ts";
import { createPrinter, type Printer } from "./print.ts";
import { STRANGER, TRUSTED } from "./script.ts";
import { type Shop, startShop } from "./shop.ts";
import type { ToolsOptions } from "./tools.ts";

/** Where everything lies that must survive a killed process. One temporary folder, removed at the end. */
export interface Files {
  readonly folder: string;
  readonly policy: string;
  /** The leash's own state: approvals, journal, log, keys. */
  readonly state: string;
  readonly checkpoints: string;
  readonly orders: string;
  readonly writtenFiles: string;
}

/** What the chapters of the story share. */
export interface World {
  readonly files: Files;
  readonly leash: Leash;
  readonly person: Person;
  readonly printer: Printer;
  readonly tools: ToolsOptions;
  readonly shops: readonly Shop[];
  /** Refs of the calls that were put off until a person answers. */
  readonly deferred: Set<string>;
  /** Items that a worker ordered after it was killed and started again. */
  readonly resumedAfterKill: Set<string>;
  /** What did not hold; empty at the end of a good run. */
  readonly failures: string[];
  /** Called for every order a shop has booked, before the shop answers. */
  onBooked: (order: Order) => void;
  agent(options: Pick<ShoppingAgentOptions, "turns" | "pause">): ReturnType<typeof shoppingAgent>;
  readonly log: LogFollower;
  /** States what must hold, and prints whether it does. */
  check(statement: string, holds: boolean): void;
  /** Runs when the world ends. */
  atClose(task: () => void): void;
  close(): Promise<void>;
}

export async function createWorld(options: DemoOptions): Promise<World> {
  const files = layOut(options);
  const printer = createPrinter();
  const person = options.scripted ? scriptedPerson(printer) : personAtTerminal();
  const leash = await createLeash({
    policy: files.policy,
    state: files.state,
    principal: { agent: AGENT },
    notify: person.notify,
  });
  person.sitDown(leash);
  const shops = await Promise.all(
    [TRUSTED, STRANGER].map((domain) =>
      startShop({
        domain,
        ledger: files.orders,
        keySet: () => leash.keySet(),
        onBooked: (order) => world.onBooked(order),
      }),
    ),
  );
  const tools: ToolsOptions = {
    merchants: Object.fromEntries(shops.map(({ domain, url }) => [domain, url])),
    workspace: join(files.folder, "workspace"),
    writtenFiles: files.writtenFiles,
  };
  const tasks: (() => void)[] = [];
  const failures: string[] = [];
  const world: World = {
    files,
    leash,
    person,
    printer,
    tools,
    shops,
    failures,
    deferred: new Set(),
    resumedAfterKill: new Set(),
    onBooked: () => undefined,
    agent: ({ turns, pause }) => shoppingAgent({ leash, tools, turns, pause, checkpointer: new MemorySaver() }),
    log: followLog(leash, printer),
    check(statement, holds) {
      if (!holds) failures.push(statement);
      printer.line("check", `${holds ? "✓" : "✗"} ${statement}`, holds ? "good" : "bad");
    },
    atClose: (task) => void tasks.push(task),
    async close() {
      for (const task of tasks) task();
      await Promise.allSettled(shops.map((shop) => shop.close()));
      await leash.close();
      removeFiles(files);
    },
  };
  return world;
}

function layOut({ threshold }: DemoOptions): Files {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-demo-"));
  const at = (name: string): string => join(folder, name);
  const policy = readFileSync(new URL("leash.yaml", import.meta.url), "utf8");
  writeFileSync(at("leash.yaml"), withThreshold(policy, threshold));
  return {
    folder,
    policy: at("leash.yaml"),
    state: at("state"),
    checkpoints: at("checkpoints.db"),
    orders: at("orders.jsonl"),
    writtenFiles: at("written-files.jsonl"),
  };
}

export const removeFiles = ({ folder }: Files): void => rmSync(folder, { recursive: true, force: true });

/** Leaves what a stranger needs to check everything, and no secret. */
export async function keepEvidence({ files, leash }: World, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  copyFileSync(files.policy, join(folder, "leash.yaml"));
  copyFileSync(files.orders, join(folder, "orders.jsonl"));
  copyFileSync(files.writtenFiles, join(folder, "written-files.jsonl"));
  writeFileSync(join(folder, "public-keys.json"), `${JSON.stringify(leash.keySet(), undefined, 2)}\n`);
  let log = "";
  for await (const line of leash.exportLog()) log += `${line}\n`;
  writeFileSync(join(folder, "log.jsonl"), log);
}
