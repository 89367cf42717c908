import { runRegistry } from "../runs.ts";
import { runPolicyDifferential } from "./policy.ts";

/** `npm run differential`: our evaluation against one that shares no code with it. */
process.exitCode = await runRegistry(
  {
    title: "differential",
    budgetSeconds: 900,
    extra: ["cases"],
    runs: { policy: runPolicyDifferential },
    notInThisVersion: [],
  },
  process.argv.slice(2),
);
