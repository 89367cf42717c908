import { bindingCases, denyAllCases, type AdapterBinding, type BindingCase } from "@leashkit/core/testing";
import type { Report, RunOptions } from "../report.ts";
import { BINDINGS } from "./bindings.ts";

/** What one adapter made of one scenario. */
type Cell =
  | { readonly kind: "ok" }
  | { readonly kind: "left out"; readonly why: string }
  | { readonly kind: "failed"; readonly problems: readonly string[] };

/** One adapter's column: a cell for each scenario, by its name. */
interface Column {
  readonly adapter: string;
  readonly cells: ReadonlyMap<string, Cell>;
}

type Cases = (binding: AdapterBinding) => readonly BindingCase[];

/** `npm run binding`: scenarios × adapters, then the same with a leash that denies everything. */
export async function runMatrix(_options: RunOptions, report: Report): Promise<void> {
  const columns = await playAll(bindingCases);
  report.table("The same calls through every adapter", rowsOf(columns));
  report.table("Counts", columns.map(countsOf));
  noteReasons(columns, report);
  const denied = await playAll(denyAllCases);
  report.table("With a leash that denies everything", denied.map(deniedOf));
  const scenarios = columns[0]?.cells.size ?? 0;
  report.target({ name: "scenarios", value: scenarios, mustBe: "at least", limit: 231, unit: "scenarios" });
  target("cells that fail", columns, report);
  target("denied scenarios in which a tool ran, or that failed", denied, report);
}

async function playAll(cases: Cases): Promise<readonly Column[]> {
  const columns: Column[] = [];
  for (const binding of BINDINGS) {
    const cells = new Map<string, Cell>();
    for (const each of cases(binding)) cells.set(each.name, await play(each));
    columns.push({ adapter: binding.name, cells });
  }
  return columns;
}

async function play({ leftOut, problems }: BindingCase): Promise<Cell> {
  if (leftOut !== undefined) return { kind: "left out", why: leftOut };
  try {
    const found = await problems();
    return found.length === 0 ? { kind: "ok" } : { kind: "failed", problems: found };
  } catch (error) {
    return { kind: "failed", problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function rowsOf(columns: readonly Column[]): readonly Readonly<Record<string, string>>[] {
  return [...(columns[0]?.cells.keys() ?? [])].map((scenario) => ({
    scenario,
    ...Object.fromEntries(columns.map(({ adapter, cells }) => [adapter, wordsFor(cells.get(scenario))])),
  }));
}

function wordsFor(cell: Cell | undefined): string {
  if (cell === undefined) return "not played";
  if (cell.kind === "left out") return `left out: ${cell.why.split(":", 1).join("")}`;
  return cell.kind === "ok" ? "ok" : cell.problems.join("; ");
}

function countsOf({ adapter, cells }: Column): Readonly<Record<string, string | number>> {
  return { adapter, passed: count(cells, "ok"), "left out": count(cells, "left out"), failed: count(cells, "failed") };
}

function deniedOf({ adapter, cells }: Column): Readonly<Record<string, string | number>> {
  const played = cells.size - count(cells, "left out");
  return { adapter, played, "ran a tool, or failed": count(cells, "failed") };
}

function noteReasons(columns: readonly Column[], report: Report): void {
  for (const { adapter, cells } of columns) {
    const reasons = [...cells.values()].flatMap((cell) => (cell.kind === "left out" ? cell.why : []));
    for (const why of new Set(reasons)) {
      report.note(`left out by ${adapter}, ${reasons.filter((other) => other === why).length} scenarios, ${why}`);
    }
  }
}

function target(name: string, columns: readonly Column[], report: Report): void {
  const value = columns.reduce((sum, { cells }) => sum + count(cells, "failed"), 0);
  report.target({ name, value, mustBe: "exactly", limit: 0, unit: "cells" });
}

function count(cells: ReadonlyMap<string, Cell>, kind: Cell["kind"]): number {
  return [...cells.values()].filter((cell) => cell.kind === kind).length;
}
