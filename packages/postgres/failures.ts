import { isLeashError, LeashError } from "@leashkit/core";

/** What to do about the codes of PostgreSQL (its manual, appendix A) and of the operating system. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ["28P01", "The server refuses user or password: check both."],
  ["28000", "The server refuses this user from this machine: check pg_hba.conf."],
  ["3D000", "The database does not exist: create it."],
  ["42501", "The user lacks a right: it must own the schema, or be allowed to create it."],
  ["42P01", "A table is gone: restore it from a backup; the store never drops one."],
  ["25006", "The server only reads: it is a standby, or was made one. Connect to the primary."],
  ["53100", "The server's disk is full: make room."],
  ["53300", "The server has no connection left: use fewer or smaller pools, or raise max_connections."],
  ["57P03", "The server is starting or stopping: it will answer again."],
  ["57P01", "The server was stopped: it will answer again once it runs."],
  ["57014", "The server gave up after its statement_timeout or was told to: look at its load."],
  ["55P03", "The server gave up after its lock_timeout: look for a transaction that hangs."],
  ["ECONNREFUSED", "No server listens there: check that it runs, its host and its port."],
  ["ENOTFOUND", "There is no host of that name."],
  ["ECONNRESET", "The connection broke: check the server and the network."],
  ["EPIPE", "The connection broke: check the server and the network."],
  ["ETIMEDOUT", "The network did not answer: check it."],
]);

const GENERAL_ADVICE = "Look at the cause; until the store answers, nothing runs.";

/** Shutdown and crash (57P…) and a broken connection (08…): whether the server had written before it said so is not known. */
const CONNECTION_CLASSES = /^(?:57P|08)/u;

/** Serialization failure, deadlock, a line of the log that another process wrote first, `all_or_nothing` of the write. */
const LOST_RACES = new Set(["40001", "40P01", "23505", "22012"]);

/** Makes errors of one database, free of its password. */
export interface Failures {
  /**
   * The one error for a database that cannot answer; one that is a `LeashError` already stays as it is.
   * @param problem what could not be done, as the start of a sentence.
   */
  unavailable(problem: string, cause?: unknown): LeashError;
}

/** @param secrets what no message may hold. */
export function createFailures(secrets: readonly string[]): Failures {
  return {
    unavailable: (problem, cause) => {
      if (isLeashError(cause)) return cause;
      const advice = ADVICE.get(codeOf(cause) ?? "") ?? GENERAL_ADVICE;
      return new LeashError("LEASH_STORE_UNAVAILABLE", `${problem}. ${advice}`, { cause: cleaned(cause, secrets) });
    },
  };
}

/** True when the server itself has said that it wrote nothing. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return isLeashError(error) || (hasSeverity(error) && code !== undefined && !CONNECTION_CLASSES.test(code));
}

/** True when another transaction came first: nothing was written, and it can be tried again. */
export function isLostRace(error: unknown): boolean {
  return hasSeverity(error) && LOST_RACES.has(codeOf(error) ?? "");
}

const MOST_TRIES = 10;

/** Does it again while another transaction comes first. */
export async function persist<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isLostRace(error) || tries === MOST_TRIES) throw error;
    }
  }
}

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Only errors that a server sent have one. */
function hasSeverity(error: unknown): boolean {
  return typeof error === "object" && error !== null && "severity" in error;
}

/** Message and code alone: what else `pg` puts on its errors may hold rows, and the message of a foreign driver anything. */
function cleaned(cause: unknown, secrets: readonly string[]): Error | undefined {
  if (cause === undefined) return undefined;
  const text = cause instanceof Error ? cause.message : "the driver threw no error";
  const message = secrets.reduce((cleanedSoFar, secret) => cleanedSoFar.replaceAll(secret, "…"), text);
  const code = codeOf(cause);
  return Object.assign(
    new Error(message === "" ? (code ?? "no reason was given") : message),
    code === undefined ? {} : { code },
  );
}
