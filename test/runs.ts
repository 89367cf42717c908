import { cpus } from "node:os";
import { createReport, parseRunOptions, UsageError, type Report, type RunDefaults, type RunOptions } from "./report.ts";

/** One part of a longer run. It prints by the report and states its targets there. */
export type Run = (options: RunOptions, report: Report) => Promise<void>;

/** The parts of a longer run, by the names they have on its command line. */
export interface Registry extends RunDefaults {
  /** What the run is called: `bench` for `npm run bench`. */
  readonly title: string;
  readonly runs: Readonly<Record<string, Run>>;
  /** Parts that the design names and this version does not have. Asking for one is refused, not answered with nothing. */
  readonly notInThisVersion: readonly string[];
}

export interface Output {
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
}

const CONSOLE: Output = {
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
};

/**
 * Runs the parts that the command line names, or all there are, and returns the exit code: 0 fine, 1 a missed target under
 * `--check` or a failure, 2 a command line that cannot be obeyed.
 */
export async function runRegistry(registry: Registry, argv: readonly string[], output = CONSOLE): Promise<number> {
  try {
    const options = parseRunOptions(argv, registry);
    const names = chooseNames(registry, options.names);
    const report = createReport(options, output.stdout);
    const [cpu] = cpus();
    report.note(
      `${registry.title} ${names.join(" ")}: seed ${options.seed}, Node ${process.version}, ${process.platform}, ${cpus().length} × ${cpu?.model ?? "CPU"}`,
    );
    for (const name of names) await registry.runs[name]?.(options, report);
    return report.finish();
  } catch (error) {
    const usage = error instanceof UsageError;
    output.stderr(usage ? error.message : `${registry.title} failed: ${describe(error)}`);
    return usage ? 2 : 1;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function chooseNames({ title, runs, notInThisVersion }: Registry, asked: readonly string[]): readonly string[] {
  const existing = Object.keys(runs);
  const there =
    existing.length > 0 ? `There ${existing.length > 1 ? "are" : "is"}: ${existing.join(", ")}.` : "There are none.";
  const missing = asked.filter((name) => !Object.hasOwn(runs, name));
  if (missing.length > 0) {
    const planned = missing.filter((name) => notInThisVersion.includes(name));
    const unknown = missing.filter((name) => !notInThisVersion.includes(name));
    const problems = [
      ...(planned.length > 0 ? [`${planned.join(", ")}: not part of this version.`] : []),
      ...(unknown.length > 0 ? [`${unknown.join(", ")}: no such ${title}.`] : []),
    ];
    throw new UsageError([...problems, there].join(" "));
  }
  if (existing.length === 0) throw new UsageError(`${title} is not part of this version.`);
  return asked.length > 0 ? asked : existing;
}
