import { LeashError } from "../errors.ts";

const GENERAL_ADVICE = "Look at the cause; until the store answers, nothing runs.";

/** What to do about SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE_ADVICE: ReadonlyMap<number, string> = new Map([
  [3, "Access was refused: check who owns the file."],
  [5, "Another process kept it locked for too long: look for one that hangs or is stopped."],
  [6, "It is locked within this process."],
  [8, "It is read-only: check the rights of the file, its folder and the mount."],
  [10, "The disk failed: check it, then check the store with a copy."],
  [11, "It is damaged: restore it from a copy; do not repair it in place."],
  [13, "The disk is full: make room."],
  [14, "It cannot be opened: check that the folder exists and who owns it."],
  [26, "The file is not a SQLite database: was it overwritten, or is the path wrong?"],
]);

const FILE_ADVICE: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", "The disk is full: make room."],
  ["EDQUOT", "The quota of the disk is used up: make room."],
  ["EROFS", "The file system is read-only."],
  ["EACCES", "Access was refused: check who owns the file and its folder."],
  ["EPERM", "Access was refused: check who owns the file and its folder."],
  ["EIO", "The disk failed: check it."],
  ["EMFILE", "This process has too many open files."],
]);

/**
 * The one error for a store that cannot answer. Messages of drivers and the operating system stay in `cause`.
 * @param problem what could not be done, as the start of a sentence.
 */
export function storeUnavailable(problem: string, cause?: unknown): LeashError {
  return new LeashError("LEASH_STORE_UNAVAILABLE", `${problem}. ${adviceFor(cause)}`, { cause });
}

/** For every method of a store that was closed. */
export function storeClosed(): LeashError {
  return new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    "The store was closed, so it neither reads nor writes. Open it again, or close it after its last use.",
  );
}

function adviceFor(cause: unknown): string {
  if (typeof cause !== "object" || cause === null) return GENERAL_ADVICE;
  const { errcode, rawCode, code } = cause as { errcode?: unknown; rawCode?: unknown; code?: unknown };
  // node:sqlite names the extended code `errcode`, libsql `rawCode`; its lowest byte is the primary code.
  const extended = typeof errcode === "number" ? errcode : rawCode;
  const known = typeof extended === "number" ? SQLITE_ADVICE.get(extended & 0xff) : FILE_ADVICE.get(String(code));
  return known ?? GENERAL_ADVICE;
}
