import { runRegistry } from "../runs.ts";
import { adapters } from "./adapters.ts";
import { evidence } from "./evidence/index.ts";
import { gate } from "./gate/index.ts";
import { policy } from "./policy.ts";

/** `npm run bench [gate …]`: see `measure.ts` for how to read the numbers. */
process.exitCode = await runRegistry(
  {
    title: "bench",
    budgetSeconds: 60,
    runs: { policy, gate, adapters, evidence },
    notInThisVersion: ["server", "mcp"],
  },
  process.argv.slice(2),
);
