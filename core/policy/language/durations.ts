import { describe } from "../located.ts";
import type { Reader } from "../readers.ts";

/** Every duration of the language is at most this long, so that adding it to a time stays exact. */
const LONGEST_SECONDS = 366 * 24 * 3600;

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 24 * 3600],
]);

const WITH_UNIT = /^([1-9][0-9]{0,8})([smhd])$/;

/**
 * A positive duration in milliseconds, written as whole seconds (`3600`) or with one unit (`90s`, `15m`, `24h`, `7d`).
 * @param longestSeconds the key's own upper bound. Default 366 days.
 */
export function duration(what: string, longestSeconds: number = LONGEST_SECONDS): Reader<number> {
  return (node, report) => {
    const seconds = node.kind === "scalar" ? secondsOf(node.value) : undefined;
    if (seconds === undefined || seconds <= 0) {
      const shown = node.kind === "scalar" ? "" : `, not ${describe(node)}`;
      report(
        "bad_duration",
        node.place,
        `${what} must be a positive duration${shown}`,
        "whole seconds, or 90s, 15m, 24h, 7d",
      );
      return undefined;
    }
    if (seconds > longestSeconds) {
      report("bad_duration", node.place, `${what} must be at most ${longestSeconds} seconds`);
      return undefined;
    }
    return seconds * 1000;
  };
}

function secondsOf(value: string | number | boolean | null): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const [, count, unit] = WITH_UNIT.exec(value) ?? [];
  const factor = unit === undefined ? undefined : UNIT_SECONDS.get(unit);
  return factor === undefined ? undefined : Number(count) * factor;
}
