import { runRegistry } from "../runs.ts";
import { gate } from "./gate.ts";

/** `npm run bench [gate …]`: see `measure.ts` for how to read the numbers. */
process.exitCode = await runRegistry(
  {
    title: "bench",
    budgetSeconds: 60,
    runs: { gate },
    notInThisVersion: ["policy", "evidence", "adapters", "server", "mcp"],
  },
  process.argv.slice(2),
);
