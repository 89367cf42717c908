import { spawn } from "node:child_process";

/** How a child process ended. */
export interface Ended {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface ProcessOptions {
  readonly cwd: string;
  /** Milliseconds after which the child and its own children are killed. */
  readonly timeoutMs: number;
}

/**
 * The environment without what npm and the test runner put there for their own children, so that a child behaves as it would
 * in a plain shell. Where npm finds its registry and its cache is kept.
 */
export function plainEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = new Set(["npm_config_registry", "npm_config_userconfig", "npm_config_cache"]);
  const foreign = /^(?:npm_|VITEST|VITE_|TEST$|NODE_ENV$|NODE_OPTIONS$|NODE_V8_COVERAGE$|INIT_CWD$)/iu;
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => kept.has(name.toLowerCase()) || !foreign.test(name)),
  );
}

/** Runs a program to its end. Never rejects for how it ended, only where it could not be started. */
export function runProcess(command: string, parameters: readonly string[], options: ProcessOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd: options.cwd,
      env: plainEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const output = { stdout: "", stderr: "" };
    let timedOut = false;
    const killGroup = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    };
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup();
    }, options.timeoutMs);
    process.once("exit", killGroup);
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      process.off("exit", killGroup);
      resolve({ code, ...output, timedOut });
    });
  });
}
