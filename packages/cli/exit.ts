import { isLeashError, type LeashErrorCode, visible } from "@leashkit/core";

import type { Io } from "./io.ts";

/** What the command's exit code says. */
export const EXIT = {
  fine: 0,
  /** A finding, a refusal, an answer that had no effect. */
  finding: 1,
  usage: 2,
  /** A file, a store or a folder that cannot be read in full. */
  unreadable: 3,
} as const;

export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Hands the exit code of a command back to `run`. */
export type Finish = (exit: Exit) => void;

const UNREADABLE: ReadonlySet<LeashErrorCode> = new Set([
  "LEASH_STORE_UNAVAILABLE",
  "LEASH_POLICY_INVALID",
  "LEASH_LOG_INVALID",
] as const);

/** What is wrong with how the command was called. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What cannot be read. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

/** One line on stderr, and the exit code it stands for. Whatever is not understood counts as unreadable, never as fine. */
export function reportError(error: unknown, io: Io): Exit {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  io.stderr.write(`leash: ${visible(message)}${code === undefined ? "" : ` (${code})`}\n`);
  if (error instanceof UsageError) return EXIT.usage;
  return isLeashError(error) && !UNREADABLE.has(error.code) ? EXIT.finding : EXIT.unreadable;
}

/** By it docs/errors.md says more. */
function codeOf(error: unknown): LeashErrorCode | undefined {
  if (isLeashError(error)) return error.code;
  return error instanceof Error && isLeashError(error.cause) ? error.cause.code : undefined;
}
