import { describe, expect, it } from "vitest";
import { readForm } from "./form.fixture.ts";
import { sqlForm, sqlGuard, type SqlOptions, type StatementClass, STATEMENT_CLASSES } from "./sql.ts";

function judge(options: SqlOptions, query: unknown): string {
  const refusal = sqlGuard(options).check({ query: query as string }, {});
  return refusal === undefined ? "passes" : `${refusal.kind} ${refusal.code}`;
}

function timeOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

describe("classes", () => {
  it.each<[string, readonly StatementClass[]]>([
    ["SELECT 1", ["select"]],
    ["(SELECT 1)", ["select"]],
    ["SELECT 1 INTO t", ["select", "ddl"]],
    ["SELECT * FROM a FOR UPDATE", ["select", "update"]],
    ["SELECT * FROM a FOR SHARE", ["select", "transaction"]],
    ["SELECT share FROM stocks", ["select"]],
    ["WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x", ["select", "delete"]],
    ["INSERT INTO a (b, c) VALUES (1, 'x')", ["insert"]],
    ["INSERT INTO a SELECT * FROM b", ["insert", "select"]],
    ["INSERT INTO a (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 2", ["insert", "update"]],
    ["INSERT INTO a SET b = 1", ["insert"]],
    ["REPLACE INTO a VALUES (1)", ["insert", "delete"]],
    ["INSERT OR REPLACE INTO a VALUES (1)", ["insert", "delete"]],
    ["UPDATE a SET b = 1 WHERE c = 2", ["update"]],
    ["DELETE FROM a WHERE b = 1", ["delete"]],
    ["MERGE INTO a USING b ON a.id = b.id WHEN NOT MATCHED THEN INSERT (id) VALUES (1)", ["merge", "insert"]],
    ["CREATE TABLE a (id int PRIMARY KEY, b varchar(10) REFERENCES c (id) ON DELETE CASCADE)", ["ddl"]],
    ["CREATE UNIQUE INDEX i ON a (lower(b))", ["ddl"]],
    ["CREATE OR REPLACE VIEW v AS SELECT 1", ["ddl", "select"]],
    ["ALTER TABLE a DROP COLUMN b", ["ddl"]],
    ["ALTER TABLE a ALTER COLUMN b SET NOT NULL", ["ddl"]],
    ["DROP TABLE IF EXISTS a", ["ddl"]],
    ["TRUNCATE a", ["ddl"]],
    ["GRANT SELECT ON a TO b", ["grant", "select"]],
    ["EXPLAIN SELECT 1", ["explain", "select"]],
    ["EXPLAIN (ANALYZE, FORMAT JSON) DELETE FROM a", ["explain", "delete"]],
    ["EXPLAIN QUERY PLAN SELECT 1", ["explain", "select"]],
    ["SHOW CREATE TABLE a", ["show"]],
    ["DESCRIBE a", ["show"]],
    ["BEGIN", ["transaction"]],
    ["BEGIN TRANSACTION READ ONLY", ["transaction"]],
    ["START TRANSACTION", ["transaction"]],
    ["ROLLBACK TO SAVEPOINT a", ["transaction"]],
    ["CALL refresh(1)", ["call"]],
    ["SET search_path = public", ["set"]],
  ])("%s needs each of %j and nothing else", (query, classes) => {
    expect(judge({ statements: classes }, query)).toBe("passes");
    for (const left of classes) {
      const statements = STATEMENT_CLASSES.filter((each) => each !== left);
      expect(judge({ statements }, query), left).toBe("outside sql_class_not_listed");
    }
  });

  it.each([
    ["CREATE FUNCTION f() RETURNS int AS 'x' LANGUAGE sql", "sql_forbidden"],
    ["CREATE EXTENSION dblink", "sql_forbidden"],
    ["CREATE OR REPLACE PROCEDURE p AS SELECT 1", "sql_forbidden"],
    ["CREATE TRIGGER t AFTER DELETE ON a EXECUTE FUNCTION f()", "sql_forbidden"],
    ["ALTER SYSTEM SET x = 1", "sql_forbidden"],
    ["DROP ROLE admin", "sql_forbidden"],
    ["CREATE USER x", "sql_forbidden"],
    ["SET ROLE admin", "sql_forbidden"],
    ["SET GLOBAL x = 1", "sql_forbidden"],
    ["SET SESSION AUTHORIZATION admin", "sql_forbidden"],
    ["START SLAVE", "sql_unknown"],
    ["BEGIN wipe", "sql_unknown"],
    ["EXPLAIN EXPLAIN SELECT 1", "sql_unknown"],
    ["EXPLAIN (SELECT 1)", "sql_unknown"],
    ["(DELETE FROM a)", "sql_unknown"],
    ["DECLARE x CURSOR FOR SELECT 1", "sql_unknown"],
    ["SELECT (1", "sql_malformed"],
    ["SELECT 1)) UNION ((SELECT 2", "sql_malformed"],
    ["SELECT 1; SELECT 2", "sql_several"],
    ["SELECT 1;;", "sql_several"],
    ["SELECT '", "sql_ambiguous"],
    ['SELECT U&"\\0070g_sleep"(1)', "sql_ambiguous"],
    ["SELECT a USING '/bin/sh' FROM b", "sql_forbidden"],
    ["SELECT MAP (a) USING '/bin/sh' FROM b", "sql_forbidden"],
    ["SELECT pg_sleep(1)", "sql_function_denied"],
    ["", "sql_unknown"],
  ])("%s is forbidden whatever is listed: %s", (query, code) => {
    expect(judge({ statements: STATEMENT_CLASSES }, query)).toBe(`forbidden ${code}`);
  });

  it.each([
    ["DELETE FROM a WHERE pg_sleep(9) IS NULL", "forbidden sql_function_denied"],
    ["SELECT slugify(a) FROM b", "outside sql_function_unknown"],
    ["SELECT app.slugify(a) FROM b", "outside sql_function_unknown"],
    ["SELECT * FROM a JOIN b ON evil(1)", "outside sql_function_unknown"],
    ["CREATE TABLE a AS SELECT evil(1)", "outside sql_class_not_listed"],
  ])("%s under a policy of queries: %s", (query, outcome) => {
    expect(judge({ statements: ["select"] }, query)).toBe(outcome);
  });

  it("looks at functions within DDL, too", () => {
    for (const query of [
      "CREATE TABLE a AS SELECT evil(1)",
      "CREATE TABLE a AS SELECT * FROM b JOIN c ON evil(1)",
      "CREATE INDEX i ON a (evil(b))",
      "CREATE TABLE a (b int DEFAULT evil())",
    ]) {
      expect(judge({ statements: ["ddl", "select"] }, query), query).toBe("outside sql_function_unknown");
    }
  });
});

describe("lists", () => {
  it("lets the policy name functions of its own, exactly as they are called", () => {
    const options: SqlOptions = { statements: ["select"], allowedFunctions: ["Slugify", "app.rank"] };
    expect(judge(options, "SELECT slugify(a), APP.rank(b) FROM c")).toBe("passes");
    expect(judge(options, "SELECT other.slugify(a) FROM c")).toBe("outside sql_function_unknown");
  });

  it("cannot allow what reaches out", () => {
    const options: SqlOptions = { statements: ["select"], allowedFunctions: ["pg_sleep"] };
    expect(judge(options, "SELECT pg_sleep(1)")).toBe("forbidden sql_function_denied");
  });

  it.each([
    "SELECT * FROM salaries",
    "SELECT * FROM hr.Salaries",
    'SELECT * FROM "SALARIES"',
    "SELECT * FROM [hr].[salaries]",
    "SELECT * FROM `hr`.`salaries`",
    "SELECT 1 FROM a WHERE EXISTS (SELECT 1 FROM a, salaries)",
    "TABLE salaries",
    "SELECT salaries FROM a",
    "SELECT * FROM \uff33alaries",
    'SELECT * FROM "salaries "',
  ])("denies a table wherever a statement names it: %s", (query) => {
    expect(judge({ statements: ["select"], deniedTables: ["salaries"] }, query)).toBe("forbidden sql_table_denied");
  });

  it("denies no text and no other name", () => {
    const options: SqlOptions = { statements: ["select"], deniedTables: ["salaries"] };
    expect(judge(options, "SELECT 'salaries' AS label FROM salaries_public")).toBe("passes");
  });
});

describe("what is no SQL", () => {
  it.each([undefined, null, 5, {}, [], [5], ["SELECT 1", null]])("%j is forbidden", (query) => {
    expect(judge({ statements: ["select"] }, query)).toBe("forbidden sql_missing");
  });

  it("looks at every text of a list, and forbids before it asks", () => {
    const statements: readonly StatementClass[] = ["select"];
    expect(judge({ statements }, ["SELECT 1", "SELECT 2"])).toBe("passes");
    expect(judge({ statements }, ["DELETE FROM a", "SELECT 2"])).toBe("outside sql_class_not_listed");
    expect(judge({ statements }, ["DELETE FROM a", "SELECT 2; SELECT 3"])).toBe("forbidden sql_several");
  });

  it("is found wherever the policy says", () => {
    const guard = sqlGuard({ sql: ["input.a.sql", "input.b"], statements: ["select"] });
    expect(guard.check({ a: { sql: "SELECT 1" }, b: "SELECT 2" }, {})).toBeUndefined();
    expect(guard.check({ a: { sql: "SELECT 1" } }, {})?.code).toBe("sql_missing");
    expect(guard.needs({})).toEqual([]);
  });

  it("A-A13: refuses long texts, and reads those that are just not too long in linear time", () => {
    const guard = sqlGuard({ statements: ["select"] });
    expect(guard.check({ query: `SELECT '${"x".repeat(65_530)}'` }, {})?.code).toBe("sql_ambiguous");
    for (const part of [
      "(",
      "((1)) ",
      "a.",
      "[a] ",
      "''''",
      "f(",
      "-- \n",
      "/**/",
      "$1 ",
      "1 ",
      '"a".',
      ", 'x' ",
      "FROM (",
      "WITH ",
    ]) {
      const query = `SELECT ${part.repeat(Math.floor(65_000 / part.length))}`;
      const best = Math.min(...[1, 2, 3].map(() => timeOf(() => guard.check({ query }, {}))));
      expect(best, part).toBeLessThan(500);
    }
  });
});

describe("the SQL guard's keys", () => {
  it.each([
    ["statements: [select, explain]", []],
    ["sql: input.statement\nstatements: [select]\ndenied_tables: [salaries]\nallowed_functions: [app.rank]", []],
    ["{}", []],
    ["statements: []", ["bad_value 1"]],
    ["statements: select", ["wrong_type 1"]],
    ["statements: [SELECT]", ["bad_value 1"]],
    ["statements: [select, select]", ["duplicate 1"]],
    ["statements: [select]\nsql: query", ["bad_path 2"]],
    ["statements: [select]\ndenied_tables: [hr.salaries]", ["bad_value 2"]],
    ["statements: [select]\nallowed_functions: ['a b']", ["bad_value 2"]],
    ["denied_tables: [salaries]", ["misplaced_key 1"]],
    ["sql: input.query", ["misplaced_key 1"]],
  ])("%j: %j", (yaml, issues) => {
    expect(readForm(sqlForm, yaml).issues).toEqual(issues);
  });

  it("make the guard that they state, and none where none of them stands", () => {
    expect(readForm(sqlForm, "{}").guard).toBeUndefined();
    const { guard } = readForm(
      sqlForm,
      "sql: input.q\nstatements: [select]\ndenied_tables: [b]\nallowed_functions: [f]",
    );
    expect(guard?.check({ q: "SELECT f(1) FROM a" }, {})).toBeUndefined();
    expect(guard?.check({ q: "SELECT 1 FROM b" }, {})?.code).toBe("sql_table_denied");
    expect(guard?.check({ q: "UPDATE a SET b = 1" }, {})?.kind).toBe("forbidden");
    expect(guard?.check({ q: "UPDATE a SET c = 1" }, {})?.kind).toBe("outside");
  });

  it.each<[string, object]>([
    ["no class", { statements: [] }],
    ["an unknown class", { statements: ["read"] }],
    ["no statements", {}],
    ["an unknown option", { statements: ["select"], tables: [] }],
    ["a path that is none", { statements: ["select"], sql: "query" }],
    ["no path", { statements: ["select"], sql: [] }],
    ["a table with schema", { statements: ["select"], deniedTables: ["a.b"] }],
    ["a function that is none", { statements: ["select"], allowedFunctions: ["f()"] }],
  ])("in code, %s is refused when the guard is made", (_, options) => {
    expect(() => sqlGuard(options as SqlOptions)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
  });
});
