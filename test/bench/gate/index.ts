import type { Report, RunOptions } from "../../report.ts";
import { holds } from "./holds.ts";
import { postgres } from "./postgres.ts";
import { start } from "./start.ts";
import { throughput } from "./throughput.ts";

/** What the whole path costs: until the tool starts, for many calls at once, and while a person is asked. */
export async function gate(options: RunOptions, report: Report): Promise<void> {
  await start(options, report);
  await throughput({ ...options, budgetMs: options.budgetMs / 2 }, report);
  await holds(options, report);
  await postgres(options, report);
}
