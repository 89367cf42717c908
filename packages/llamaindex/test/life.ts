/**
 * One life of an agent's process, for restart.test.ts: `life.ts <folder> <start|resume> <die: never|asked|kept|inside>`.
 * Prints what the model was shown as one JSON line if it lives to the end.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLeash } from "@leashkit/core";
import { tool } from "@llamaindex/core/tools";
import { agent } from "@llamaindex/workflow";
import { z } from "zod";
import { resumeWorkflow, runWorkflow, wrapTools, type Suspension } from "../index.ts";
import { ScriptedLlm } from "../scripted-llm.fixture.ts";
import { ASK_TO_BUY, doing, shown } from "./harness.ts";

const [folder = "", step = "start", die = "never"] = process.argv.slice(2);
const file = join(folder, "waiting.json");
const end = (): boolean => process.kill(process.pid, "SIGKILL");

const leash = await createLeash({
  policy: { text: `leash: 1\n${ASK_TO_BUY}` },
  state: join(folder, "state"),
  notify: [],
});
const deed = (name: string) =>
  tool({
    name,
    description: "d",
    parameters: z.object({ item: z.string() }),
    execute: ({ item }) => {
      appendFileSync(join(folder, "effects.txt"), `${name} ${item}\n`);
      if (die === "inside" && name === "buy") end();
      return `${name} ${item}: done`;
    },
  });

const llm = new ScriptedLlm(
  [doing("look", "shelf", "l"), doing("buy", "tea", "b"), doing("pack", "bag", "p")],
  [doing("look", "shelf", "l")],
);
const workflow = agent({ llm, tools: wrapTools([deed("look"), deed("buy"), deed("pack")], leash) });

const read = (): Suspension => JSON.parse(readFileSync(file, "utf8")) as Suspension;
const run =
  step === "start" ? runWorkflow(workflow, { input: "go", scope: "order-7" }) : resumeWorkflow(workflow, read());
const { suspension } = await run;
if (suspension !== null) {
  if (die === "asked") end();
  writeFileSync(file, JSON.stringify(suspension));
  if (die === "kept") end();
}
process.stdout.write(`${JSON.stringify(shown(llm))}\n`);
await leash.close();
