import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { createLeash } from "@leashkit/core";
import { AGENT, resume, shoppingAgent, talk } from "./agent.ts";
import { followLog } from "./log.ts";
import type { Order } from "./orders.ts";
import { createPrinter } from "./print.ts";
import { asFor, buys, reports } from "./script.ts";
import type { ToolsOptions } from "./tools.ts";

/** What a worker process is told. Everything that must survive it lies in the files named here. */
export interface WorkerTask {
  readonly phase: "start" | "resume";
  readonly order: Order;
  readonly policy: string;
  readonly state: string;
  readonly checkpoints: string;
  readonly tools: ToolsOptions;
}

/** What it tells: the id of the approval it waits for, or that it is through. */
export type WorkerReport = { readonly pending: string } | { readonly finished: string };

/** An agent in a process of its own, which the demo kills. */
async function work({ phase, order, policy, state, checkpoints, tools }: WorkerTask): Promise<void> {
  // The person sits in the other process: the report of what is pending is what tells them.
  const leash = await createLeash({ policy, state, principal: { agent: AGENT }, notify: () => undefined });
  const checkpointer = SqliteSaver.fromConnString(checkpoints);
  const turns = [buys(order), reports(order.item)];
  const agent = shoppingAgent({ leash, tools, turns, checkpointer, pause: "interrupt" });
  const printer = createPrinter();
  const setting = { leash, printer, log: followLog(leash, printer) };
  await setting.log.skip();
  const thread = order.item;

  if (phase === "start") {
    const { pending } = await talk(agent, thread, asFor(order), setting);
    if (pending[0] !== undefined) report({ pending: pending[0] });
  }
  const { messages } = await resume(agent, thread, setting);
  report({ finished: messages.at(-1)?.text ?? "" });
  checkpointer.db.close();
  await leash.close();
  process.disconnect();
}

function report(message: WorkerReport): void {
  process.send?.(message);
}

// An agent that nobody listens to any more must not stay behind.
process.once("disconnect", () => process.exit());
await work(JSON.parse(process.argv[2] ?? "{}") as WorkerTask);
