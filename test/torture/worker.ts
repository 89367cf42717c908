import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How Node starts a worker of this folder from its source. */
export function fromSource(file: string): readonly string[] {
  return ["--conditions=leashkit:source", "--import", "tsx", fileURLToPath(new URL(file, import.meta.url))];
}

/**
 * Runs a worker to its end.
 * @throws Error when it ends with another code than 0.
 */
export function runWorker(worker: readonly string[], words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...worker, ...words], { stdio: ["ignore", "ignore", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`A worker ended with code ${code}.`));
    });
  });
}
