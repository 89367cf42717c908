/** Trouble that some hundred seeds must have met, by what it is counted as: a simulation of fair weather shows nothing. */
export const TROUBLE = [
  "agent aborted",
  "abort during a run",
  "answer delayed by up to 3 s",
  "answer stalled for up to 50 s",
  "answer to a commit lost",
  "answer to a question seen earlier",
  "clock set back",
  "clock set forward",
  "commit in conflict",
  "conflict told",
  "forged resume",
  "message of a dead process arrived",
  "outage for all",
  "outage for one process",
  "permit used twice",
  "person clicked approve",
  "person clicked deny",
  "person clicked edit",
  "policy changed",
  "process closed",
  "process crashed",
  "row forged",
  "row forged with another's verdict",
  "row touched before a commit",
  "store call during an outage",
  "store call refused",
  "the same call from everywhere",
  "yes and no at once",
] as const;

/** Changes of rows, and ends of runs and calls, that they must have met as well. */
export const OUTCOMES = [
  "approval pending -> expired",
  "approval approved -> lapsed",
  "approval approved -> cancelled",
  "approval approved -> consumed",
  "hold: LEASH_LIMIT_EXCEEDED",
  "idempotent tool repeated",
  "journal failed -> held",
  "journal running -> unknown",
  "journal suspended -> running",
  "limit used up",
  "run no-effect",
  "run ok",
  "run paused",
  "run threw",
  "unknown after a run",
  "collect: result",
  "misrouted collect: LEASH_DENIED approval_void",
  "at the end: LEASH_DENIED person_denied",
  "at the end: LEASH_EXPIRED",
  "at the end: LEASH_OUTCOME_UNKNOWN",
  "at the end: result",
  "promised: result",
] as const;

/** What takes thousands of seeds to be met. */
export const RARE = ["journal unknown -> done", "unknown before the run"] as const;

/** What of these was not met. */
export function unreached(counts: ReadonlyMap<string, number>, names: readonly string[]): readonly string[] {
  return names.filter((what) => !counts.has(what));
}
