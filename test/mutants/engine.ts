import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProcess } from "../process.ts";
import { copyWorkspace, type Worktree } from "../worktree.ts";
import { mutate, type Mutant } from "./mutant.ts";

/**
 * `killed`: the test passes without the mutant and fails with it. `survived`: it passes with it as well. `stale`: the mutant or
 * its test does not fit the code any more. `broken`: with the mutant the test could not run, or not end, or its turn never came, which proves nothing.
 */
export type Fate = "killed" | "survived" | "stale" | "broken";

export interface Judged {
  readonly mutant: Mutant;
  readonly fate: Fate;
  /** Why, where the fate alone does not tell. */
  readonly detail: string;
}

export interface EngineOptions {
  /** The workspace whose sources are copied. */
  readonly root: string;
  /** Copies to work in at the same time. */
  readonly workers: number;
  /** Milliseconds for one run of one test file. Default 120,000. */
  readonly testTimeoutMs?: number;
  /** Milliseconds after which no further mutant is begun; those left count as broken. Default: all are. */
  readonly budgetMs?: number;
}

/** How the named test went. `none`: there is no such test. */
type TestRun = { readonly went: "passed" | "failed" | "none" | "broken"; readonly detail: string };

/** Puts every mutant to its test, in copies of the workspace, and returns them in the order given. */
export async function judgeMutants(
  mutants: readonly Mutant[],
  options: EngineOptions,
  onJudged: (judged: Judged) => void = () => undefined,
): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  const waiting = [...mutants.entries()];
  const baselines = new Map<string, Promise<TestRun>>();
  const deadline = performance.now() + (options.budgetMs ?? Number.POSITIVE_INFINITY);
  const work = async (): Promise<void> => {
    const worktree = await copyWorkspace(options.root);
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [position, mutant] = next;
        const late = performance.now() > deadline;
        const result = late
          ? { mutant, fate: "broken" as const, detail: "the budget was used up before its turn" }
          : await judge(mutant, worktree, baselines, options.testTimeoutMs ?? 120_000);
        judged[position] = result;
        onJudged(result);
      }
    } finally {
      await worktree.remove();
    }
  };
  const workers = Math.max(1, Math.min(options.workers, mutants.length));
  const ended = await Promise.allSettled(Array.from({ length: workers }, work));
  for (const worker of ended) if (worker.status === "rejected") throw worker.reason;
  return judged;
}

async function judge(
  mutant: Mutant,
  worktree: Worktree,
  baselines: Map<string, Promise<TestRun>>,
  timeoutMs: number,
): Promise<Judged> {
  const path = join(worktree.folder, mutant.file);
  const as = (fate: Fate, detail: string): Judged => ({ mutant, fate, detail });
  for (const file of [mutant.file, mutant.test.file]) {
    if (!existsSync(join(worktree.folder, file))) return as("stale", `${file} does not exist`);
  }
  const original = await readFile(path, "utf8");
  const mutated = mutate(original, mutant);
  if ("problem" in mutated) return as("stale", mutated.problem);

  const key = JSON.stringify(mutant.test);
  const baseline = baselines.get(key) ?? runTest(mutant, worktree, timeoutMs);
  baselines.set(key, baseline);
  const before = await baseline;
  if (before.went !== "passed") return as("stale", `without the mutant: ${before.detail}`);

  await writeFile(path, mutated.text);
  try {
    const after = await runTest(mutant, worktree, timeoutMs);
    if (after.went === "failed") return as("killed", "");
    return after.went === "passed" ? as("survived", after.detail) : as("broken", after.detail);
  } finally {
    await writeFile(path, original);
  }
}

/** Runs the one test in a process of its own and reads the runner's own report of it. */
async function runTest({ test }: Mutant, worktree: Worktree, timeoutMs: number): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), "leashkit-mutant-"));
  const report = join(folder, "report.json");
  const pattern = test.name.replace(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`);
  try {
    const ended = await runProcess(
      process.execPath,
      ["node_modules/vitest/vitest.mjs", "run", test.file, "-t", pattern, "--reporter=json", `--outputFile=${report}`],
      { cwd: worktree.folder, timeoutMs },
    );
    if (ended.timedOut) return { went: "broken", detail: `no end within ${timeoutMs / 1000} s` };
    if (!existsSync(report)) return { went: "broken", detail: lastLine(ended.stderr) };
    return readReport(JSON.parse(await readFile(report, "utf8")) as RunnerReport);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The members of the runner's JSON report that matter here. */
interface RunnerReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly success: boolean;
  readonly testResults: readonly { readonly message?: string }[];
}

function readReport({ numPassedTests, numFailedTests, success, testResults }: RunnerReport): TestRun {
  if (numFailedTests > 0) return { went: "failed", detail: "the test fails" };
  if (!success) {
    const message = testResults.map((result) => result.message ?? "").find((text) => text !== "");
    return { went: "broken", detail: lastLine(message ?? "the test file could not run") };
  }
  if (numPassedTests === 0) return { went: "none", detail: "there is no test of that name" };
  return { went: "passed", detail: "the test passes" };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
