import { runRegistry } from "../runs.ts";
import { runSimulation } from "../simulation/long-run.ts";
import { runTamper } from "../tamper/long-run.ts";
import { runCap } from "./cap.ts";
import { runDisk } from "./disk.ts";
import { runKillLoop } from "./kill-run.ts";
import { runRace } from "./race.ts";

/**
 * `npm run torture`: processes killed at random moments, processes that race, disks that are full, thousands of simulated
 * lives, logs that were tampered with; and what must still hold afterwards.
 */
process.exitCode = await runRegistry(
  {
    title: "torture",
    budgetSeconds: 900,
    extra: ["iterations", "store", "calls", "seeds"],
    runs: {
      kill: runKillLoop,
      race: runRace,
      cap: runCap,
      disk: runDisk,
      simulation: runSimulation,
      tamper: runTamper,
    },
    notInThisVersion: [],
  },
  process.argv.slice(2),
);
