import { runRegistry } from "../runs.ts";
import { runKillLoop } from "./kill-loop.ts";

/** `npm run torture`: processes killed at random moments, and what must still hold afterwards. */
process.exitCode = await runRegistry(
  { title: "torture", budgetSeconds: 900, extra: ["iterations"], runs: { kill: runKillLoop }, notInThisVersion: [] },
  process.argv.slice(2),
);
