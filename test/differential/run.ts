import { runRegistry } from "../runs.ts";

/** `npm run differential`: our evaluation against one that shares no code with it. */
process.exitCode = await runRegistry(
  { title: "differential", budgetSeconds: 60, runs: {}, notInThisVersion: ["policy"] },
  process.argv.slice(2),
);
