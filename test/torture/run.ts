import { runRegistry } from "../runs.ts";

/** `npm run torture`: processes killed at random moments, and what must still hold afterwards. */
process.exitCode = await runRegistry(
  { title: "torture", budgetSeconds: 60, runs: {}, notInThisVersion: ["kill"] },
  process.argv.slice(2),
);
