import { runRegistry } from "../runs.ts";
import { runMatrix } from "./matrix.ts";

/** `npm run binding`: every scenario through every adapter, whose decisions, words and records must be those of core alone. */
process.exitCode = await runRegistry(
  { title: "binding", budgetSeconds: 60, runs: { scenarios: runMatrix }, notInThisVersion: [] },
  process.argv.slice(2),
);
