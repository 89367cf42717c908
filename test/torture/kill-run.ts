import { startServer } from "../../packages/postgres/server.fixture.ts";
import { type Report, type RunOptions, UsageError } from "../report.ts";
import { withProgram } from "../setup/compile.ts";
import { killLoop, type KillLoopOptions, type KillLoopResult, PROCESSES_PER_STORE } from "./kill-loop.ts";
import { openBattlefields, STORE_NAMES, type StoreName } from "./kill-stores.ts";

const PROGRESS_MS = 30_000;

/** What came of one kind of store; `result` is undefined where there can be none. */
interface Lane {
  readonly name: StoreName;
  readonly share: number;
  readonly result: KillLoopResult | undefined;
}

/**
 * `npm run torture -- kill --iterations 1000 --seed 1 --store postgres`: the long run, over every kind of store at the same time
 * unless one is named.
 */
export async function runKillLoop(options: RunOptions, report: Report): Promise<void> {
  const iterations = chosenIterations(options.extra["iterations"]);
  const names = chosenStores(options.extra["store"]);
  const start = performance.now();
  const deadline = Date.now() + options.budgetMs;
  const lanes = await withProgram("test/torture/kill-worker.ts", (worker) =>
    Promise.all(
      names.map((name, index) => {
        const share = Math.floor((iterations + index) / names.length);
        const onStore = teller(name, share, report);
        return playLane(name, { iterations: share, seed: options.seed, deadline, worker, onStore });
      }),
    ),
  );
  tell(lanes, performance.now() - start, report);
}

function chosenIterations(text: string | undefined): number {
  const iterations = Number(text ?? 1_000);
  if (Number.isSafeInteger(iterations) && iterations >= 1) return iterations;
  throw new UsageError("--iterations takes a whole number, at least 1.");
}

function chosenStores(text: string | undefined): readonly StoreName[] {
  const names = STORE_NAMES.filter((name) => text === undefined || name === text);
  if (names.length > 0) return names;
  throw new UsageError(`--store takes ${STORE_NAMES.join(" or ")}; without it all of them are played.`);
}

/** Says from time to time how far it is. */
function teller(name: StoreName, share: number, report: Report): (soFar: KillLoopResult) => void {
  let toldAt = performance.now();
  return ({ iterations, violations }) => {
    if (performance.now() - toldAt < PROGRESS_MS) return;
    toldAt = performance.now();
    report.note(`kill: ${iterations} of ${share} over ${name}, ${violations.length} violations`);
  };
}

async function playLane(name: StoreName, options: Omit<KillLoopOptions, "over">): Promise<Lane> {
  const over = await openBattlefields(name, startServer);
  try {
    return { name, share: options.iterations, result: over && (await killLoop({ ...options, over })) };
  } finally {
    await over?.close();
  }
}

function tell(lanes: readonly Lane[], milliseconds: number, report: Report): void {
  const played = lanes.flatMap(({ name, result }) => (result === undefined ? [] : [{ name, ...result }]));
  const total = played.reduce((sum, { iterations }) => sum + iterations, 0);
  report.table(
    "Processes killed one after the other over stores that they share",
    played.map(({ name, iterations, killed, effects, states }) => ({
      store: name,
      iterations,
      killed,
      effects,
      ...states,
    })),
  );
  report.note(
    `  ${total} iterations in ${Math.round(milliseconds / 1_000)} s, ${Math.round(milliseconds / total)} ms each`,
  );
  for (const { name, result } of lanes) {
    if (result === undefined) report.note(`${name}: left out, because no server can be started here.`);
  }
  const violations = played.flatMap((lane) => lane.violations);
  for (const violation of violations) report.note(violation);
  if (violations.length > 0) {
    report.note(
      `To play one store again: torture kill --store NAME --seed ITS-SEED --iterations ${PROCESSES_PER_STORE}`,
    );
  }
  for (const { name, share, result } of lanes) {
    const value = result?.iterations ?? 0;
    report.target({ name: `iterations over ${name}`, value, mustBe: "at least", limit: share, unit: "iterations" });
  }
  report.target({ name: "violations", value: violations.length, mustBe: "exactly", limit: 0, unit: "violations" });
}
