import { parseArgs } from "node:util";

/** What every longer run understands on its command line. */
export interface RunOptions {
  /** Print one JSON object a line instead of tables. */
  readonly json: boolean;
  /** Exit with 1 when a target is missed. */
  readonly check: boolean;
  /** Seed of everything that looks random in the run. */
  readonly seed: number;
  /** How long the run may take, milliseconds. */
  readonly budgetMs: number;
  /** Positional arguments: which parts to run; empty for all. */
  readonly names: readonly string[];
  /** Options of this run alone, by name; absent ones are not there. */
  readonly extra: Readonly<Record<string, string>>;
}

export interface RunDefaults {
  /** Seconds. */
  readonly budgetSeconds: number;
  /** Default 1: two runs without options do the same. */
  readonly seed?: number;
  /** Names of further options that take a text. */
  readonly extra?: readonly string[];
}

/** The command line is wrong; the run ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Reads the command line of a longer run.
 * @throws {UsageError} for an unknown option, and for a seed or a budget that is no number of its kind.
 */
export function parseRunOptions(argv: readonly string[], defaults: RunDefaults): RunOptions {
  const { values, positionals } = parse(argv, defaults.extra ?? []);
  const seed = wholeNumber("seed", values["seed"], defaults.seed ?? 1);
  const budget = wholeNumber("budget", values["budget"], defaults.budgetSeconds);
  if (budget === 0) throw new UsageError("--budget takes seconds, at least 1.");
  const extra = (defaults.extra ?? []).flatMap((name) => {
    const value = values[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return {
    json: values["json"] === true,
    check: values["check"] === true,
    seed,
    budgetMs: budget * 1000,
    names: positionals,
    extra: Object.fromEntries(extra),
  };
}

function parse(
  argv: readonly string[],
  extra: readonly string[],
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { json: flag, check: flag, seed: text, budget: text };
  const further = Object.fromEntries(extra.map((name) => [name, text]));
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options: { ...further, ...options } });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function wholeNumber(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (typeof value === "string" && /^\d+$/u.test(value) && Number.isSafeInteger(number)) return number;
  throw new UsageError(`--${name} takes a whole number, not ${JSON.stringify(value)}.`);
}

/** A value in a table or a JSON line. */
export type Cell = string | number | boolean | null;

/** What a run promises, and what it measured. A value that is not a number misses every limit. */
export interface Target {
  readonly name: string;
  readonly value: number;
  readonly mustBe: "at most" | "at least" | "exactly";
  readonly limit: number;
  /** Unit of both, such as `ms` or `lost`. */
  readonly unit: string;
  /** True for what is not reached yet: it is listed as missed like any other, and does not fail `--check`. Default false. */
  readonly isAim?: boolean;
}

/** True when the value keeps what the target promises. */
export function isMet({ value, mustBe, limit }: Target): boolean {
  if (!Number.isFinite(value)) return false;
  if (mustBe === "exactly") return value === limit;
  return mustBe === "at most" ? value <= limit : value >= limit;
}

/** Where a run says what it found: to people as tables, with `--json` to programs as one object a line. */
export interface Report {
  /** A sentence that belongs to no table. */
  note(text: string): void;
  /** A table; the first row's members are its columns. */
  table(title: string, rows: readonly Readonly<Record<string, Cell>>[]): void;
  target(target: Target): void;
  /** Prints the targets. Returns the exit code: 1 when `--check` was given and one that is no aim was missed, else 0. */
  finish(): number;
}

export function createReport(options: Pick<RunOptions, "json" | "check">, write: (line: string) => void): Report {
  const targets: Target[] = [];
  const print = (people: readonly string[], programs: readonly unknown[]): void => {
    for (const line of options.json ? programs.map((value) => JSON.stringify(value)) : people) write(line);
  };
  return {
    note(text) {
      print([text], [{ note: text }]);
    },
    table(title, rows) {
      const objects = rows.map((row) => ({ table: title, ...row }));
      print(["", title, ...formatTable(rows)], objects);
    },
    target(target) {
      targets.push(target);
    },
    finish() {
      const judged = targets.map((target) => ({ ...target, met: isMet(target) }));
      const rows = judged.map(({ name, value, mustBe, limit, unit, isAim, met }) => ({
        target: name,
        measured: `${formatNumber(value)} ${unit}`,
        limit: `${mustBe} ${formatNumber(limit)} ${unit}`,
        result: met ? "met" : isAim === true ? "MISSED, an aim so far" : "MISSED",
      }));
      const lines = rows.length > 0 ? ["", "Targets", ...formatTable(rows)] : [];
      print(
        lines,
        judged.map(({ name, ...rest }) => ({ target: name, ...rest })),
      );
      return options.check && judged.some(({ isAim, met }) => !met && isAim !== true) ? 1 : 0;
    },
  };
}

/** Rows under their headings, numbers to the right, everything else to the left. */
export function formatTable(rows: readonly Readonly<Record<string, Cell>>[]): readonly string[] {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return ["  (nothing)"];
  const texts = rows.map((row) => columns.map((column) => formatCell(row[column] ?? null)));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...texts.map((row) => row[index]?.length ?? 0)),
  );
  const right = columns.map((column) => rows.every((row) => typeof row[column] === "number"));
  const align = (text: string, index: number): string =>
    right[index] ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0);
  return [columns, ...texts].map((row) => `  ${row.map(align).join("  ")}`.trimEnd());
}

function formatCell(value: Cell): string {
  if (value === null) return "–";
  return typeof value === "number" ? formatNumber(value) : String(value);
}

/** At most three digits behind the point, thousands apart. */
function formatNumber(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}
