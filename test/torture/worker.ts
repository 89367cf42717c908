import { spawn } from "node:child_process";

/**
 * Runs a compiled worker to its end.
 * @throws Error when it ends with another code than 0.
 */
export function runWorker(program: string, words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "ignore", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`A worker ended with code ${code}.`));
    });
  });
}
