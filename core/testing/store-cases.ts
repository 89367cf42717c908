import { commitCases } from "./store-commit-cases.ts";
import type { StoreCase } from "./store-harness.ts";
import { logCases } from "./store-log-cases.ts";
import { rowCases } from "./store-row-cases.ts";
import { watchCases } from "./store-watch-cases.ts";

/**
 * What every `Store` must do. Runner-agnostic: each case throws an `AssertionError` when the store does not.
 * @example
 * for (const { name, run } of storeCases) it(name, () => run(async (options) => memoryStore(options)));
 */
export const storeCases: readonly StoreCase[] = [...rowCases, ...commitCases, ...logCases, ...watchCases];
