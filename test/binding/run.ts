import { runRegistry } from "../runs.ts";
import { runMatrix } from "./matrix.ts";

/** `npm run binding`: one script of calls through every adapter, whose decisions and records must be the same bytes. */
process.exitCode = await runRegistry(
  { title: "binding", budgetSeconds: 60, runs: { scenarios: runMatrix }, notInThisVersion: [] },
  process.argv.slice(2),
);
