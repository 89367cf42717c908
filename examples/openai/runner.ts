import { createLeash } from "@leashkit/core";
import { wrapTools } from "@leashkit/openai";
import { quickClient as client } from "./model.ts";
import { runnableTools } from "./tools.ts";

const leash = await createLeash({ policy: "leash.yaml" });

// #region runner
const runner = client.chat.completions.runTools({
  model: "any",
  messages: [{ role: "user", content: "Order A-17 arrived broken." }],
  tools: wrapTools(runnableTools, leash),
});
process.stdout.write(`${await runner.finalContent()}\n`);
// #endregion
await leash.close();
