import type { Report, RunOptions } from "../report.ts";
import { BINDINGS } from "./bindings.ts";
import { play, SCENARIOS, type Outcome, type Scenario } from "./scenarios.ts";

/** One row: a scenario, and what is wrong with it through each binding ("" where nothing is). */
export interface MatrixRow {
  readonly scenario: string;
  readonly problems: Readonly<Record<string, string>>;
}

/** Every scenario through every binding; the first binding, core alone, is what the others must equal. */
export async function playMatrix(): Promise<readonly MatrixRow[]> {
  const rows: MatrixRow[] = [];
  for (const scenario of SCENARIOS) {
    const problems: Record<string, string> = {};
    let model: Outcome | undefined;
    for (const binding of BINDINGS) {
      const outcome = await play(scenario, binding);
      model ??= outcome;
      problems[binding.name] = problemWith(scenario, outcome, model);
    }
    rows.push({ scenario: scenario.name, problems });
  }
  return rows;
}

function problemWith(scenario: Scenario, outcome: Outcome, model: Outcome): string {
  if (outcome.ending.kind !== scenario.ends) return `ended as ${outcome.ending.kind}, not ${scenario.ends}`;
  if (outcome.runs !== scenario.runs) return `ran ${outcome.runs} times, not ${scenario.runs}`;
  if (outcome.ending.text !== model.ending.text) return "other words";
  if (outcome.inputs.join() !== model.inputs.join()) return "other input";
  return outcome.payloads.join("\n") === model.payloads.join("\n") ? "" : "other records";
}

/** `npm run binding`: scenarios × bindings. */
export async function runMatrix(_options: RunOptions, report: Report): Promise<void> {
  const rows = await playMatrix();
  const cell = (problem: string): string => (problem === "" ? "same" : problem);
  report.table(
    "The same call through every binding",
    rows.map(({ scenario, problems }) => ({
      scenario,
      ...Object.fromEntries(Object.entries(problems).map(([name, problem]) => [name, cell(problem)])),
    })),
  );
  const cells = rows.flatMap(({ problems }) => Object.values(problems));
  const wrong = cells.filter((problem) => problem !== "").length;
  report.target({
    name: "cells",
    value: cells.length,
    mustBe: "at least",
    limit: SCENARIOS.length * BINDINGS.length,
    unit: "cells",
  });
  report.target({ name: "cells that differ", value: wrong, mustBe: "exactly", limit: 0, unit: "cells" });
}
