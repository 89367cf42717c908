import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createLeash } from "@leashkit/core";
import { resumeWorkflow, runWorkflow, wrapTools, type Suspension } from "@leashkit/llamaindex";
import { extractText } from "@llamaindex/core/utils";
import { agent } from "@llamaindex/workflow";
import { llm } from "./model.ts";
import { lookUpOrder, refund } from "./tools.ts";

/** Where a run that waits is kept: `node … suspend.ts waiting.json`, and the same again once somebody has answered. */
const file = process.argv[2] ?? "waiting.json";
const leash = await createLeash({ policy: "leash.yaml" });

// #region suspend
const workflow = agent({ llm, tools: wrapTools([lookUpOrder, refund], leash) });
const { result, suspension } = existsSync(file)
  ? await resumeWorkflow(workflow, JSON.parse(readFileSync(file, "utf8")) as Suspension)
  : await runWorkflow(workflow, { input: "Order A-17 arrived broken. Please refund it." });

if (suspension === null) rmSync(file, { force: true });
else writeFileSync(file, JSON.stringify(suspension)); // a person is asked: this process may end
// #endregion

process.stdout.write(suspension === null ? `${extractText(result.result)}\n` : `waiting: ${suspension.refs.join()}\n`);
await leash.close();
