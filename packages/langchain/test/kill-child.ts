/**
 * One life of an agent's process, for kill.test.ts: `kill-child.ts <folder> <v1|v2> <propose|wake|resume|continue> <die: never|paused|inside> <durability>`.
 * Prints the last state as one JSON line if it lives to the end.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { createLeash } from "@leashkit/core";
import { tool } from "@langchain/core/tools";
import { Command } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { createAgent } from "langchain";
import { z } from "zod";
import { resumeLeash, wrapTools } from "../index.ts";
import { ask, callingModel, pause, toolMessages } from "./harness.ts";

const POLICY = "leash: 1\ndefault: deny\ntools: { buy: { decision: approve }, look: { decision: allow } }\n";

const [folder = "", version = "v2", step = "propose", die = "never", durability = "async"] = process.argv.slice(2);
const item = z.object({ item: z.string() });
const note = (line: string): void => appendFileSync(join(folder, "effects.txt"), `${line}\n`);

const leash = await createLeash({ policy: { text: POLICY }, state: join(folder, "state"), notify: [] });
const look = tool(
  ({ item: what }) => {
    note(`look ${what}`);
    return `saw ${what}`;
  },
  { name: "look", description: "d", schema: item },
);
const buy = tool(
  ({ item: what }) => {
    note(`buy ${what}`);
    if (die === "inside") process.kill(process.pid, "SIGKILL");
    return `sold ${what}`;
  },
  { name: "buy", description: "d", schema: item },
);

const agent = createAgent({
  model: callingModel([
    { name: "look", args: { item: "shelf" }, id: "l" },
    { name: "buy", args: { item: "tea" }, id: "b" },
  ]),
  tools: wrapTools([look, buy], leash),
  checkpointer: SqliteSaver.fromConnString(join(folder, "graph.db")),
  version: version === "v1" ? "v1" : "v2",
});
const config = {
  configurable: { thread_id: "t" },
  durability: durability === "exit" ? ("exit" as const) : ("async" as const),
};

async function live(): Promise<unknown> {
  if (step === "propose") return agent.invoke(ask, config);
  if (step === "wake") return agent.invoke(new Command({ resume: true }), config);
  if (step === "resume") return resumeLeash(agent, config, { leash });
  return agent.invoke(null as never, config);
}

/** A v1 agent returns at the first interrupt and lets the other calls of the same message run on in the background. */
async function siblingRan(): Promise<void> {
  for (let round = 0; round < 500; round += 1) {
    for await (const line of leash.exportLog()) if (line.includes('"type":"executed"')) return;
    await pause(10);
  }
}

const result = (await live()) as Parameters<typeof toolMessages>[0];
if (die === "paused") {
  await siblingRan();
  process.kill(process.pid, "SIGKILL");
}
const messages = Object.entries(toolMessages(result)).map(([id, { content, artifact }]) => [id, { content, artifact }]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(messages))}\n`);
await leash.close();
