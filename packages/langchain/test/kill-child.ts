/**
 * One life of an agent's process, for kill.test.ts: `kill-child.ts <folder> <v1|v2|graph|nested> <propose|wake|resume|continue|hold> <die: never|paused|inside> <durability>`.
 * Prints the last state as one JSON line if it lives to the end. With `hold` nothing is kept, and the question expires at once.
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
import { ask, callingModel, contents, pause, toolMessages } from "./harness.ts";
import { hostOf, type Host, type State } from "./hosts.ts";

const [folder = "", version = "v2", step = "propose", die = "never", durability = "async"] = process.argv.slice(2);
const item = z.object({ item: z.string() });
const note = (line: string): void => appendFileSync(join(folder, "effects.txt"), `${line}\n`);

const holds = step === "hold";
const asked = holds ? "approve, approval: { expires_in: 1s }" : "approve";
const text = `leash: 1\ndefault: deny\ntools: { buy: { decision: ${asked} }, look: { decision: allow }, outer: { decision: allow } }\n`;
const kept = holds ? ({ store: "memory" } as const) : { state: join(folder, "state") };
const leash = await createLeash({ policy: { text }, notify: [], ...kept });
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

const calls = [
  { name: "look", args: { item: "shelf" }, id: "l" },
  { name: "buy", args: { item: "tea" }, id: "b" },
];
const HOST =
  { v1: "createAgent v1", graph: "LangGraph's ToolNode in a graph of one's own" }[version] ?? "createAgent v2";
const tools = wrapTools([look, buy], leash);

/** The same calls, made by an agent within a tool. */
function nested(): object {
  const inner = createAgent({ model: callingModel(calls), tools });
  return tool(async () => JSON.stringify(contents(await inner.invoke(ask))), {
    name: "outer",
    description: "d",
    schema: item,
  });
}

function agentHere(): Host {
  const checkpointer = holds ? false : SqliteSaver.fromConnString(join(folder, "graph.db"));
  const isNested = version === "nested";
  const made = isNested ? [{ name: "outer", args: { item: "x" }, id: "o" }] : calls;
  const own = isNested ? wrapTools([nested()], leash) : tools;
  return hostOf(HOST, made, own, checkpointer);
}

const agent = agentHere();
const config = {
  configurable: { thread_id: "t" },
  durability: durability === "exit" ? ("exit" as const) : ("async" as const),
};

async function live(): Promise<unknown> {
  if (step === "propose" || holds) return agent.invoke(ask, config);
  if (step === "wake") return agent.invoke(new Command({ resume: true }), config);
  if (step === "resume") return resumeLeash(agent, config, { leash });
  return agent.invoke(null, config);
}

/** A v1 agent returns at the first interrupt and lets the other calls of the same message run on in the background. */
async function siblingRan(): Promise<void> {
  for (let round = 0; round < 500; round += 1) {
    for await (const line of leash.exportLog()) if (line.includes('"type":"executed"')) return;
    await pause(10);
  }
}

const result = (await live()) as State;
if (die === "paused") {
  await siblingRan();
  process.kill(process.pid, "SIGKILL");
}
const messages = Object.entries(toolMessages(result)).map(([id, { content, artifact }]) => [id, { content, artifact }]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(messages))}\n`);
await leash.close();
