import type { Report, RunOptions } from "../../report.ts";
import { append } from "./append.ts";
import { inclusion } from "./inclusion.ts";
import { reading } from "./reading.ts";
import { storedLog } from "./stored.ts";
import { tokens } from "./tokens.ts";

/** Parts of the budget. */
const SHARES = { tokens: 0.08, append: 0.15, reading: 0.6, stored: 0.24, inclusion: 0.05 };

/** What evidence costs: to sign a proof, to write a record, to check a log, and to show that a record is in it. */
export async function evidence(options: RunOptions, report: Report): Promise<void> {
  const share = (part: keyof typeof SHARES): RunOptions => ({ ...options, budgetMs: options.budgetMs * SHARES[part] });
  await tokens(share("tokens"), report);
  await append(share("append"), report);
  await inclusion(share("inclusion"), report);
  await reading(share("reading"), report);
  await storedLog(share("stored"), report);
}
