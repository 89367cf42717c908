import { UsageError } from "./exit.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * How long something takes, as an option states it, in milliseconds.
 * @throws {UsageError}
 */
export function readDuration(option: string, text: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})([smhd])$/u.exec(text) ?? [];
  const unitMs = UNITS[unit ?? ""];
  if (count !== undefined && unitMs !== undefined) return Number(count) * unitMs;
  throw new UsageError(`${option} takes a whole number and its unit, such as 90s, 15m, 24h or 7d`);
}

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
