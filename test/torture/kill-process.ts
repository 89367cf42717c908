import { spawn } from "node:child_process";
import type { Kill } from "./kill-plan.ts";
import type { Battlefield } from "./kill-stores.ts";

/** No call may wait for ever for what a dead process left. Milliseconds. */
const LONGEST_LIFE_MS = 30_000;

/** `killed` died as planned, `ended` came to its end before; anything else is a violation, in words. */
export type Death = "killed" | "ended" | { readonly problem: string };

/** Starts a worker over a store, and kills it as planned. Resolves when the process is gone. */
export function liveAndDie(program: string, field: Battlefield, firstCall: number, kill: Kill): Promise<Death> {
  const point = kill.by === "store" ? kill.point : 0;
  const inTool = kill.by === "tool" ? `${kill.moment}-${kill.call}` : "";
  const words = [field.folder, String(firstCall), String(point), inTool];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, ...field.environment },
    });
    let stuck = false;
    const afterMs = kill.by === "clock" ? kill.afterMs : LONGEST_LIFE_MS;
    const timer = setTimeout(() => {
      stuck = kill.by !== "clock";
      child.kill("SIGKILL");
    }, afterMs);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      if (stuck) resolve({ problem: `it was still alive after ${LONGEST_LIFE_MS} ms` });
      else if (signal === "SIGKILL") resolve("killed");
      else if (code === 0) resolve("ended");
      else resolve({ problem: `it ended by itself with ${signal ?? `code ${code}`}` });
    });
  });
}
