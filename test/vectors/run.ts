import { runRegistry, type Run } from "../runs.ts";
import { ABSENT, findVectors, type Outcome, type Standing, type VectorSuite } from "./suite.ts";
import { SUITES } from "./suites.ts";

/** All suites in one table, then why a vector was not simply passed, then every failure by name. */
const published: Run = async (_options, report) => {
  const folder = findVectors();
  const runs = SUITES.map((suite) => ({ suite, outcomes: folder === undefined ? [] : suite.run(folder) }));
  report.table(
    folder === undefined ? `Skipped: ${ABSENT}` : "Published vectors",
    runs.map(({ suite, outcomes }) => ({
      suite: suite.name,
      passed: count(outcomes, "passed"),
      failed: count(outcomes, "failed"),
      "refused by design": count(outcomes, "by design"),
      skipped: folder === undefined ? 1 : count(outcomes, "not applicable"),
    })),
  );
  if (folder === undefined) return;
  const remarks = runs.flatMap(({ suite, outcomes }) => remarksOn(suite, outcomes));
  if (remarks.length > 0) report.table("Why", remarks);
  for (const { suite, outcomes } of runs) {
    const value = count(outcomes, "failed");
    report.target({ name: `${suite.name}, failed`, value, mustBe: "exactly", limit: 0, unit: "vectors" });
    const passed = count(outcomes, "passed");
    report.target({
      name: `${suite.name}, passed`,
      value: passed,
      mustBe: "at least",
      limit: suite.passesAtLeast,
      unit: "vectors",
    });
  }
};

const count = (outcomes: readonly Outcome[], standing: Standing): number =>
  outcomes.filter((outcome) => outcome.standing === standing).length;

interface Remark {
  readonly suite: string;
  readonly standing: Standing;
  readonly vectors: string;
  readonly reason: string;
}

/** Failures one by one; the others gathered by their reason. */
function remarksOn(
  { name }: VectorSuite,
  outcomes: readonly Outcome[],
): readonly Readonly<Record<keyof Remark, string>>[] {
  const groups = new Map<string, Remark & { readonly count: number }>();
  for (const { vector, standing, reason } of outcomes) {
    if (standing === "passed") continue;
    const group = standing === "failed" ? vector : `${standing} ${reason}`;
    const size = (groups.get(group)?.count ?? 0) + 1;
    groups.set(group, { suite: name, standing, vectors: size === 1 ? vector : `${size} vectors`, reason, count: size });
  }
  return [...groups.values()].map(({ suite, standing, vectors, reason }) => ({ suite, standing, vectors, reason }));
}

process.exitCode = await runRegistry(
  { title: "vectors", budgetSeconds: 60, runs: { published }, notInThisVersion: [] },
  process.argv.slice(2),
);
