import { createLeash, type Gate, type Leash, loadPolicy, memoryStore, readRun, redrive } from "@leashkit/core";
import { tool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { wrapTools } from "../index.ts";
import { ask, callingModel, toolMessages } from "./harness.ts";

const opened: Leash[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
});

const RULES = (most: number) =>
  `leash: 1\nrules:\n  - { id: look, action: look, effect: allow }\n  - { id: buy, action: buy, when: input.amount < ${most}, effect: allow }\n`;

let ran: string[] = [];

const bareTools = () => [
  tool(({ at }) => (ran.push("look"), `${at} sells tea`), { name: "look", schema: z.object({ at: z.string() }) }),
  tool(({ amount }) => (ran.push("buy"), `bought for ${amount}`), {
    name: "buy",
    schema: z.object({ amount: z.number() }),
  }),
];

/** The recorded proposals of a model: it looks, buys twice at once, and looks again. */
const ROUNDS = [
  [{ name: "look", args: { at: "market" }, id: "1" }],
  [
    { name: "buy", args: { amount: 50 }, id: "2" },
    { name: "buy", args: { amount: 500 }, id: "3" },
  ],
  [{ name: "look", args: { at: "harbour" }, id: "4" }],
];

const agentOn = (gate: Gate) => createAgent({ model: callingModel(...ROUNDS), tools: wrapTools(bareTools(), gate) });

async function recorded() {
  ran = [];
  const store = memoryStore();
  const leash = await createLeash({ policy: { text: RULES(100) }, store, notify: [] });
  opened.push(leash);
  const config = { configurable: { thread_id: "thread-1" } };
  const told = toolMessages(await agentOn(leash).invoke(ask, config));
  expect(ran).toEqual(["look", "buy", "look"]);
  ran = [];
  return { store, told };
}

describe("a recorded run of a LangChain agent", () => {
  it("gives the same messages when it is driven again by the same policy, and runs no tool", async () => {
    const { store, told } = await recorded();
    const run = await readRun({ store, session: "thread-1" });
    expect(run.calls).toHaveLength(4);
    let again: ReturnType<typeof toolMessages> = {};
    const found = await redrive(run, {
      store,
      policy: await loadPolicy(RULES(100)),
      agent: async ({ gate, signal }) => {
        again = toolMessages(await agentOn(gate).invoke(ask, { signal }));
      },
    });
    expect(found).toEqual({ matched: 4, divergence: null, unreachable: [] });
    const contents = (messages: typeof told) => Object.values(messages).map(({ content }) => content);
    expect(contents(again)).toEqual(contents(told));
    expect(ran).toEqual([]);
  });

  it("stops where another policy would have given the model something else", async () => {
    const { store } = await recorded();
    const run = await readRun({ store, session: "thread-1" });
    const { divergence, unreachable } = await redrive(run, {
      store,
      policy: await loadPolicy(RULES(40)),
      agent: ({ gate, signal }) => agentOn(gate).invoke(ask, { signal }),
    });
    expect(divergence).toMatchObject({
      why: "decision",
      tool: "buy",
      was: { effect: "allow" },
      now: { effect: "deny" },
    });
    expect(unreachable.at(-1)?.recording.action.text).toBe('{"at":"harbour"}');
    expect(ran).toEqual([]);
  });
});
