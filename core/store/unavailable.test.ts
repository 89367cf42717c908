import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isLeashError } from "../errors.ts";
import { openSqliteFile } from "./sqlite-file.ts";
import { storeUnavailable } from "./unavailable.ts";

describe("storeUnavailable", () => {
  it.each([
    ["libsql's SQLITE_FULL", { code: "SQLITE_FULL", rawCode: 13 }, "The disk is full"],
    ["libsql's extended SQLITE_IOERR_FSYNC", { code: "SQLITE_IOERR_FSYNC", rawCode: 1034 }, "The disk failed"],
    ["node:sqlite's SQLITE_READONLY", { code: "ERR_SQLITE_ERROR", errcode: 8 }, "It is read-only"],
    ["node:sqlite's extended SQLITE_CORRUPT_INDEX", { code: "ERR_SQLITE_ERROR", errcode: 779 }, "It is damaged"],
    ["the system's ENOSPC", { code: "ENOSPC", errno: -28 }, "The disk is full"],
    ["the system's EACCES", { code: "EACCES" }, "Access was refused"],
    ["an unknown code", { code: "EWHAT", errcode: "x" }, "Look at the cause"],
    ["a text", "broken", "Look at the cause"],
    ["nothing", undefined, "Look at the cause"],
  ])("says what to do about %s", (_what, cause, advice) => {
    const error = storeUnavailable("The store cannot be written", cause);
    expect(isLeashError(error, "LEASH_STORE_UNAVAILABLE")).toBe(true);
    expect(error.message).toMatch(new RegExp(`^The store cannot be written\\. ${advice}`));
    expect(error.cause).toBe(cause);
  });

  it("knows the error of a file that another connection keeps locked", async () => {
    const folder = mkdtempSync(join(tmpdir(), "leashkit-locked-"));
    const [one, two] = [await openSqliteFile(join(folder, "store.db")), await openSqliteFile(join(folder, "store.db"))];
    two.get("PRAGMA busy_timeout = 1");
    let caught: unknown;
    one.transaction(() => {
      try {
        two.transaction(() => undefined);
      } catch (error) {
        caught = error;
      }
    });
    expect(storeUnavailable("The store cannot be written", caught).message).toContain("Another process kept it locked");
    two.transaction(() => two.run("UPDATE meta SET value = 5 WHERE key = 'latest_time'"));
    one.close();
    two.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
