// #region turn
import { createLeash } from "@leashkit/core";
import { runTurn, wrapTools } from "@leashkit/hello";
import { greet, insult } from "./tools.ts";

const leash = await createLeash({ policy: "leash.yaml" });
const turn = await runTurn(wrapTools([greet, insult], leash), [
  { id: "call-1", tool: "greet", arguments: '{"name":"Ann"}' },
  { id: "call-2", tool: "insult", arguments: '{"name":"Bob"}' },
]);
// #endregion

if (turn.kind === "done") for (const { text } of turn.answers) process.stdout.write(`${text}\n`);
await leash.close();
