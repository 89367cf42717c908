import { describe, expect, it } from "vitest";
import { sqlGuard, STATEMENT_CLASSES } from "../../core/policy/guards/sql.ts";
import { DISGUISED, HONEST } from "./sql.table.ts";

const readOnly = sqlGuard({ statements: ["select"] });

describe("SQL under a policy of queries only", () => {
  it("the statements that do more than they look like are many, and all different", () => {
    expect(new Set(DISGUISED.map(([, sql]) => sql)).size).toBe(DISGUISED.length);
    expect(DISGUISED.length).toBeGreaterThanOrEqual(120);
  });

  it.each(DISGUISED)("D: %s is refused: %j", (_, query) => {
    expect(readOnly.check({ query }, {})).toBeDefined();
  });

  it("D: what destroys a database is refused however it begins, as one statement or after a query", () => {
    for (const wish of [
      "DROP TABLE users",
      "DROP DATABASE prod",
      "DELETE FROM users",
      "TRUNCATE users",
      "ALTER TABLE a DROP b",
    ]) {
      for (const query of [
        wish,
        `SELECT 1; ${wish}`,
        `SELECT 1 ${wish}`,
        `${wish};`,
        `/* fine */ ${wish}`,
        `-- fine\n${wish}`,
      ]) {
        expect(readOnly.check({ query }, {}), query).toBeDefined();
      }
    }
  });

  it.each(HONEST)("an honest query passes: %s", (query) => {
    expect(readOnly.check({ query }, {})).toBeUndefined();
  });

  it("the honest queries are many", () => {
    expect(HONEST.length).toBeGreaterThanOrEqual(45);
  });

  it("even where every class is listed, one call is one statement that every database reads alike", () => {
    const anything = sqlGuard({ statements: STATEMENT_CLASSES });
    for (const query of [
      "SELECT 1; SELECT 2",
      "SELECT '\\'; DROP TABLE a; --'",
      "SELECT /*! 1 */",
      "SELECT pg_sleep(1)",
      "COPY a TO '/x'",
    ]) {
      expect(anything.check({ query }, {})?.kind, query).toBe("forbidden");
    }
  });
});
