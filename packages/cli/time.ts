import { UsageError } from "./exit.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/u;

/**
 * A time as an option states it, in epoch milliseconds. It names its zone: the evidence of one machine is checked on another.
 * @throws {UsageError}
 */
export function readTime(option: string, text: string): number {
  const at = Date.parse(text);
  if (TIME.test(text) && !Number.isNaN(at)) return at;
  throw new UsageError(`${option} takes a time as ISO 8601 with its zone, such as 2026-01-31T12:00:00Z`);
}
