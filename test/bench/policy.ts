import type { Report, RunOptions } from "../report.ts";
import { ratio, type Measured } from "./measure.ts";
import { cedar } from "./policy/cedar.ts";
import { celIndexed } from "./policy/cel.ts";
import { closeAll, compete, type Contestant, prepare, warm } from "./policy/contest.ts";
import { GUARDS, measureGuards } from "./policy/guards.ts";
import { measureLoading } from "./policy/loading.ts";
import { MAKERS } from "./policy/makers.ts";
import { opa } from "./policy/opa.ts";
import { ours } from "./policy/ours.ts";

const SMALLEST = 10;
const JUDGED = 1_000;
const LARGEST = 10_000;

/** Parts of the budget. Building the engines and checking their answers comes on top. */
const SHARES = { contest: 0.2, growth: 0.1, loading: 0.15, guards: 0.1 };

/**
 * One decision of the same policy by every engine, at three sizes; what loading costs; and what a guard costs. An engine that
 * does not find the right rule for each of its requests ends the run: the time of a wrong answer says nothing.
 */
export async function policy(options: RunOptions, report: Report): Promise<void> {
  for (const { name, role, form } of MAKERS) report.note(`  ${name} (${role}): ${form}.`);
  const kept: Contestant[] = [];
  try {
    for (const size of [SMALLEST, JUDGED, LARGEST]) {
      const contestants = await prepare(MAKERS, size, options.seed);
      kept.push(...contestants.filter(({ maker }) => maker === ours));
      try {
        await contest(size, contestants, options, report);
      } finally {
        closeAll(contestants.filter(({ maker }) => maker !== ours));
      }
    }
    await growth(kept, options, report);
  } finally {
    closeAll(kept);
  }
  await loading(options, report);
  await guards(options, report);
}

async function contest(
  size: number,
  built: readonly Contestant[],
  { seed, budgetMs }: RunOptions,
  report: Report,
): Promise<void> {
  const contestants: Contestant[] = [];
  for (const contestant of built) contestants.push(await warm(contestant));
  const measured = await compete(contestants, { seed, budgetMs: budgetMs * SHARES.contest });
  report.table(
    `One decision among ${size.toLocaleString("en-US")} rules, in microseconds`,
    contestants.map(({ maker, requests, calls, builtMs }) => {
      const { median, p25, rounds } = find(measured, maker.name);
      const { p25: own } = find(measured, ours.name);
      return {
        engine: maker.name,
        median: rounded(median / 1000),
        p25: rounded(p25 / 1000),
        "p25, times ours": rounded(p25 / own),
        requests,
        "calls a round": calls,
        rounds,
        "built, ms": Math.round(builtMs),
      };
    }),
  );
  if (size === JUDGED) judge(measured, report);
}

function judge(measured: readonly Measured[], report: Report): void {
  const times = (name: string): number => ratio(measured, name, ours.name, "p25");
  const peers = MAKERS.filter(({ role }) => role === "peer").map(({ name }) => name);
  const fastest = peers.reduce((best, name) => (times(name) < times(best) ? name : best));
  const limits: readonly (readonly [name: string, limit: number, what?: string])[] = [
    [celIndexed.name, 10],
    [fastest, 5, `fastest peer, ${fastest}`],
    [opa.name, 50],
    [cedar.name, 50],
  ];
  for (const [name, limit, what = name] of limits) {
    const target = `${JUDGED.toLocaleString("en-US")} rules: ${what} / ours`;
    report.target({ name: target, value: times(name), mustBe: "at least", limit, unit: "times" });
  }
}

/** Our own three sizes against one another, in rounds of their own. */
async function growth(kept: readonly Contestant[], { seed, budgetMs }: RunOptions, report: Report): Promise<void> {
  const nameOf = ({ rules }: Contestant): string => `${rules.toLocaleString("en-US")} rules`;
  const contestants: Contestant[] = [];
  for (const contestant of kept) contestants.push(await warm(contestant));
  const measured = await compete(contestants, { seed, budgetMs: budgetMs * SHARES.growth, nameOf });
  report.table(
    "Our own growth with the policy, nanoseconds a decision",
    measured.map(({ name, median, p25, p75, rounds }) => ({
      size: name,
      median: rounded(median),
      p25: rounded(p25),
      p75: rounded(p75),
      rounds,
    })),
  );
  const [smallest, largest] = [contestants[0], contestants.at(-1)];
  const value = smallest && largest ? ratio(measured, nameOf(largest), nameOf(smallest), "p25") : Number.NaN;
  report.target({ name: "growth from 10 to 10,000 rules", value, mustBe: "at most", limit: 5, unit: "times" });
}

async function loading({ seed, budgetMs }: RunOptions, report: Report): Promise<void> {
  const budget = { seed, budgetMs: budgetMs * SHARES.loading };
  const judged = await measureLoading(JUDGED, { ...budget, rounds: 15 });
  const largest = await measureLoading(LARGEST, { ...budget, rounds: 3 });
  report.table(
    "Loading a policy, in milliseconds",
    [judged, largest].map(({ rules, kibibytes, load, parse, times }) => ({
      rules,
      KiB: Math.round(kibibytes),
      "loadPolicy, median": rounded(load[0]),
      p25: rounded(load[1]),
      "yaml's parseDocument, median": rounded(parse[0]),
      "its p25": rounded(parse[1]),
      times: rounded(times),
    })),
  );
  const name = `${JUDGED.toLocaleString("en-US")} rules: loading / parsing the YAML alone`;
  report.target({ name, value: judged.times, mustBe: "at most", limit: 2.5, unit: "times" });
}

async function guards({ seed, budgetMs }: RunOptions, report: Report): Promise<void> {
  const measured = await measureGuards(GUARDS, { seed, budgetMs: budgetMs * SHARES.guards });
  report.table(
    "One guard with its probes answered, in microseconds",
    measured.map(({ name, bytes, guard, parse, times }) => ({
      guard: name,
      median: rounded(guard / 1000),
      "JSON.parse of the call": rounded(parse / 1000),
      "its bytes": bytes,
      times: rounded(times),
    })),
  );
  for (const { name, times } of measured) {
    report.target({
      name: `guard ${name} / JSON.parse of its call`,
      value: times,
      mustBe: "at most",
      limit: 20,
      unit: "times",
    });
  }
}

function find(measured: readonly Measured[], wanted: string): Measured {
  const found = measured.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`${wanted} was not measured.`);
  return found;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
