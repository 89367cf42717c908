import { readOptions } from "../../options.ts";
import { namesOf, oneOf, type Reader } from "../readers.ts";
import { forbidden, type Guard, type GuardForm, outside, type Refusal } from "./guard.ts";
import { inputPaths, invalidOption, stepsOf, textsAt } from "./input-texts.ts";
import { callsOf } from "./sql/calls.ts";
import { readStatement, type StatementProblem } from "./sql/statement.ts";
import { tokenize, type Tokens } from "./sql/tokens.ts";
import { STATEMENT_CLASSES, type StatementClass } from "./sql/words.table.ts";

export { STATEMENT_CLASSES, type StatementClass } from "./sql/words.table.ts";

/** Which SQL a call may run. */
export interface SqlOptions {
  /** Where the SQL stands in the input, each a text or a list of texts of one statement each. Default `input.query`. */
  readonly sql?: string | readonly string[];
  /** Every class that a statement is of must be listed: `WITH x AS (DELETE …) SELECT …` is `select` and `delete`. */
  readonly statements: readonly StatementClass[];
  /** Names of tables without schema, compared without case. A statement that has one as any name is forbidden. */
  readonly deniedTables?: readonly string[];
  /** Functions of your own that may be called, as statements name them: `slugify`, `app.slugify`. */
  readonly allowedFunctions?: readonly string[];
}

type Settings = { readonly [Key in keyof SqlOptions]-?: SqlOptions[Key] | undefined };

const NO_OPTIONS: Settings = {
  sql: "input.query",
  statements: undefined,
  deniedTables: undefined,
  allowedFunctions: undefined,
};

interface Rules {
  readonly statements: ReadonlySet<StatementClass>;
  readonly denied: ReadonlySet<string>;
  /** Those that are ASCII, in capitals: a word of ASCII, which is in capitals, folds to a denied name just when it is one. */
  readonly deniedWords: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
}

const ASCII_NAME = /^[ -~]*$/;

const NAME = /^[\p{L}_][\p{L}\p{N}_$]{0,127}$/u;

const MISSING = forbidden("sql_missing", "the call holds no SQL where the policy expects it");
const AMBIGUOUS = forbidden("sql_ambiguous", "databases read the SQL in different ways");
const HARMFUL = forbidden("sql_function_denied", "the SQL calls a function that writes, waits or reaches out");
const TABLE = forbidden("sql_table_denied", "the SQL names a denied table");
const NOT_LISTED = outside("sql_class_not_listed", "the SQL is not of the allowed kinds");
const UNKNOWN_CALL = outside("sql_function_unknown", "the SQL calls a function that the policy does not list");

const PROBLEMS: Readonly<Record<StatementProblem, Refusal>> = {
  sql_several: forbidden("sql_several", "the SQL is more than one statement"),
  sql_unknown: forbidden("sql_unknown", "the SQL begins like no known statement"),
  sql_forbidden: forbidden("sql_forbidden", "the SQL runs other code, or reaches files, programs or other servers"),
  sql_malformed: forbidden("sql_malformed", "the parentheses of the SQL do not match"),
};

/**
 * Guards SQL by what a statement does: exactly one statement, of listed classes only, calling known functions only, and
 * written so that every database reads it alike. Needs no probes. It knows neither views nor functions by content: let the
 * tool's own database user be one that may do no more.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an option that cannot be read.
 * @example
 * sqlGuard({ statements: ["select", "explain"], deniedTables: ["salaries"] });
 */
export function sqlGuard(options: SqlOptions): Guard {
  const settings = readOptions<Settings>("an SQL guard", options, NO_OPTIONS);
  const inputs = stepsOf("sql", [settings.sql ?? []].flat());
  const rules = rulesOf(settings);
  return {
    name: "sql",
    needs: () => [],
    check(input) {
      let found: Refusal | undefined;
      for (const steps of inputs) {
        const texts = textsAt(input, steps);
        if (texts === undefined) return MISSING;
        for (const text of texts) {
          const refusal = checkText(text, rules);
          if (refusal?.kind === "forbidden") return refusal;
          found ??= refusal;
        }
      }
      return found;
    },
  };
}

function rulesOf({ statements, deniedTables = [], allowedFunctions = [] }: Settings): Rules {
  if (statements === undefined || statements.length === 0) throw invalidOption("statements", "it lists no class");
  const unknown = statements.find((each) => !STATEMENT_CLASSES.includes(each));
  if (unknown !== undefined) throw invalidOption("statements", `there is no class ${JSON.stringify(unknown)}`);
  const table = deniedTables.find((name) => !NAME.test(name));
  if (table !== undefined) throw invalidOption("deniedTables", `${JSON.stringify(table)} is no plain name`);
  const called = allowedFunctions.find((name) => !isFunctionName(name));
  if (called !== undefined) throw invalidOption("allowedFunctions", `${JSON.stringify(called)} is no function's name`);
  const denied = deniedTables.map(foldName);
  return {
    statements: new Set(statements),
    denied: new Set(denied),
    deniedWords: new Set(denied.filter((name) => ASCII_NAME.test(name)).map((name) => name.toUpperCase())),
    functions: new Set(allowedFunctions.map((name) => name.toLowerCase())),
  };
}

function isFunctionName(text: string): boolean {
  const parts = text.split(".");
  return parts.length <= 3 && parts.every((part) => NAME.test(part));
}

function checkText(text: string, rules: Rules): Refusal | undefined {
  const tokens = tokenize(text);
  if (tokens === undefined) return AMBIGUOUS;
  const statement = readStatement(tokens.list);
  if (typeof statement === "string") return PROBLEMS[statement];
  if (rules.denied.size > 0 && namesDenied(tokens, rules)) return TABLE;
  const { classes } = statement;
  const calls = callsOf(statement.tokens, rules.functions, statement.isDdl);
  if (calls === "forbidden") return HARMFUL;
  for (const each of classes) if (!rules.statements.has(each)) return NOT_LISTED;
  return calls === "unknown" ? UNKNOWN_CALL : undefined;
}

function namesDenied({ list, ascii }: Tokens, { denied, deniedWords }: Rules): boolean {
  return list.some(({ kind, text }) => {
    if (kind === "word") return ascii ? deniedWords.has(text) : denied.has(foldName(text));
    return kind === "name" && denied.has(foldName(text));
  });
}

function foldName(name: string): string {
  return name.normalize("NFKC").toUpperCase().toLowerCase().trim();
}

/** The keys of an SQL guard. */
export interface SqlForm {
  readonly sql?: readonly string[];
  readonly statements?: readonly StatementClass[];
  readonly denied_tables?: readonly string[];
  readonly allowed_functions?: readonly string[];
}

function nameReader(what: string, isName: (text: string) => boolean): Reader<string> {
  return (node, report) => {
    const value = node.kind === "scalar" ? node.value : undefined;
    if (typeof value === "string" && isName(value)) return value;
    report("bad_value", node.place, `${what} is a plain name of letters, digits and underscores`);
    return undefined;
  };
}

/** `statements` and its companions. */
export const sqlForm: GuardForm<SqlForm> = {
  keys: {
    sql: inputPaths("`sql`"),
    statements: namesOf("`statements`", oneOf("a class of statements", STATEMENT_CLASSES)) as Reader<
      readonly StatementClass[]
    >,
    denied_tables: namesOf(
      "`denied_tables`",
      nameReader("a table without its schema", (text) => NAME.test(text)),
    ),
    allowed_functions: namesOf(
      "`allowed_functions`",
      nameReader("a function, with or without schema,", isFunctionName),
    ),
  },
  check(block, report) {
    if (block.values.statements !== undefined) return;
    for (const key of ["sql", "denied_tables", "allowed_functions"] as const) {
      if (block.values[key] === undefined) continue;
      report("misplaced_key", block.placeOf(key), `\`${key}\` means nothing without \`statements\``);
    }
  },
  create({ sql, statements, denied_tables, allowed_functions }) {
    if (!statements) return undefined;
    return sqlGuard({
      statements,
      ...(sql && { sql }),
      ...(denied_tables && { deniedTables: denied_tables }),
      ...(allowed_functions && { allowedFunctions: allowed_functions }),
    });
  },
};
