import { rmSync } from "node:fs";
import { createLeash } from "@leashkit/core";
import { MemorySaver } from "@langchain/langgraph";
import { AGENT, type Setting, type ShoppingAgent, shoppingAgent, type ShoppingAgentOptions } from "./agent.ts";
import { type Files, layOut } from "./files.ts";
import { followLog } from "./log.ts";
import type { DemoOptions } from "./options.ts";
import type { Order } from "./orders.ts";
import { type Person, personAtTerminal, scriptedPerson } from "./person.ts";
import { createPrinter } from "./print.ts";
import { STRANGER, TRUSTED } from "./script.ts";
import { type Shop, startShop } from "./shop.ts";
import type { ToolsOptions } from "./tools.ts";

/** What the chapters of the story share. */
export interface World extends Setting {
  readonly files: Files;
  readonly person: Person;
  readonly tools: ToolsOptions;
  /** Ids of the approvals whose calls were put off until a person answers. */
  readonly deferred: Set<string>;
  /** Items ordered by a process that took over from a killed one. */
  readonly resumedAfterKill: Set<string>;
  /** What did not hold; empty at the end of a good run. */
  readonly failures: string[];
  /** Called for every order that a shop has booked, before the shop answers. A chapter may set it. */
  onBooked: (order: Order) => void;
  agent(options: Pick<ShoppingAgentOptions, "turns" | "pause">): ShoppingAgent;
  /** States what must hold, and prints whether it does. */
  check(statement: string, holds: boolean): void;
  /** Runs when the world ends. */
  atClose(task: () => void | Promise<void>): void;
  close(): Promise<void>;
}

export async function createWorld({ threshold, scripted }: DemoOptions): Promise<World> {
  const files = layOut(threshold);
  const endings: (() => void | Promise<void>)[] = [() => rmSync(files.folder, { recursive: true, force: true })];
  const atClose = (task: () => void | Promise<void>): void => void endings.unshift(task);
  const close = async (): Promise<void> => {
    for (const end of endings.splice(0)) await end();
  };
  try {
    const person = scripted ? scriptedPerson() : personAtTerminal();
    const setting = await createSetting(files, person);
    atClose(() => setting.leash.close());
    const shops = await Promise.all(
      [TRUSTED, STRANGER].map((domain) =>
        startShop({
          domain,
          ledger: files.orders,
          keySet: () => setting.leash.keySet(),
          onBooked: (order) => world.onBooked(order),
        }),
      ),
    );
    for (const shop of shops) atClose(() => shop.close());
    const world = furnish(files, setting, person, shops, { atClose, close });
    return world;
  } catch (error) {
    await close();
    throw error;
  }
}

async function createSetting(files: Files, person: Person): Promise<Setting> {
  const leash = await createLeash({
    policy: files.policy,
    state: files.state,
    principal: { agent: AGENT },
    notify: person.notify,
  });
  const printer = createPrinter();
  const setting: Setting = { leash, printer, log: followLog(leash, printer) };
  person.sitDown(setting);
  return setting;
}

function furnish(
  files: Files,
  setting: Setting,
  person: Person,
  shops: readonly Shop[],
  endings: Pick<World, "atClose" | "close">,
): World {
  const { leash, printer } = setting;
  const failures: string[] = [];
  const tools: ToolsOptions = {
    merchants: Object.fromEntries(shops.map(({ domain, url }) => [domain, url])),
    workspace: files.workspace,
    writtenFiles: files.writtenFiles,
  };
  return {
    ...setting,
    ...endings,
    files,
    person,
    tools,
    failures,
    deferred: new Set(),
    resumedAfterKill: new Set(),
    onBooked: () => undefined,
    agent: ({ turns, pause }) => shoppingAgent({ leash, tools, turns, pause, checkpointer: new MemorySaver() }),
    check(statement, holds) {
      if (!holds) failures.push(statement);
      printer.line("check", `${holds ? "✓" : "✗"} ${statement}`, holds ? "good" : "bad");
    },
  };
}
