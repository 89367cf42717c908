import type { Token } from "./tokens.ts";
import {
  DDL_MODIFIERS,
  DDL_OBJECTS,
  EXPLAIN_WORDS,
  FIRST_WORDS,
  FORBIDDEN_NAMES,
  FORBIDDEN_SETTINGS,
  FORBIDDEN_WORDS,
  INNER_WORDS,
  STATEMENT_CLASSES,
  type StatementClass,
  TRANSACTION_WORDS,
} from "./words.table.ts";

/** One statement: every class that a policy must list for it. */
export interface Statement {
  readonly classes: ReadonlySet<StatementClass>;
  /** Without the semicolon at the end. */
  readonly tokens: readonly Token[];
  /** True where the first word says so. */
  readonly isDdl: boolean;
}

export type StatementProblem = "sql_several" | "sql_unknown" | "sql_forbidden" | "sql_malformed";

const FIRST: ReadonlyMap<string, readonly StatementClass[]> = new Map(
  STATEMENT_CLASSES.flatMap((each) => FIRST_WORDS[each]).map((word) => [
    word,
    STATEMENT_CLASSES.filter((each) => FIRST_WORDS[each].includes(word)),
  ]),
);

const INNER: ReadonlyMap<string, readonly StatementClass[]> = new Map(Object.entries(INNER_WORDS));

/** Words that own one INTO each; any other makes a table of what was selected. */
const INTO_OWNERS: ReadonlySet<string> = new Set(["INSERT", "MERGE", "UPSERT", "REPLACE"]);

/** Statements in which SET has its own meaning. */
const SETTERS: readonly StatementClass[] = ["insert", "update", "merge", "ddl", "set"];

/** Every word that a rule below speaks of. */
const VERBS: ReadonlySet<string> = new Set(
  [...INNER.keys(), ...INTO_OWNERS, ...FORBIDDEN_WORDS, ...FORBIDDEN_SETTINGS].concat([
    "TRUNCATE",
    "SHARE",
    "INTO",
    "USE",
    "SET",
    "VALUE",
  ]),
);

/** The first characters of what `FORBIDDEN_NAMES` finds: D, U, N and F. */
const FORBIDDEN_STARTS: ReadonlySet<number> = new Set(Array.from("DUNF", (letter) => letter.charCodeAt(0)));

/** What begins another clause than FROM. */
const CLAUSES: ReadonlySet<string> = new Set([
  "SELECT",
  "WHERE",
  "GROUP",
  "ORDER",
  "HAVING",
  "UNION",
  "LIMIT",
  "ON",
  "SET",
]);

/**
 * Reads one statement: by its first word, and by every word that makes it do more than that. Strict: a word that could be a
 * verb counts as one unless it stands in quotes or behind a dot.
 */
export function readStatement(all: readonly Token[]): Statement | StatementProblem {
  const tokens = withoutEnd(all);
  const survey = surveyOf(tokens);
  if (survey.several) return "sql_several";
  if (!survey.balanced) return "sql_malformed";
  const start = tokens.findIndex((token) => !isSign(token, "("));
  const first = wordAt(tokens, start);
  const base = FIRST.get(first);
  if (base === undefined || (start > 0 && !base.includes("select"))) return "sql_unknown";
  const classes = new Set(base);
  if (first === "EXPLAIN") {
    const explained = explainedClasses(tokens);
    if (explained === undefined) return "sql_unknown";
    for (const each of explained) classes.add(each);
  }
  if (!continuesWell(tokens, first)) return "sql_unknown";
  addInner(tokens, survey, first, classes);
  return isForbidden(tokens, survey, first, classes) || (survey.quotes && readsFile(tokens))
    ? "sql_forbidden"
    : { classes, tokens, isDdl: base.includes("ddl") };
}

function withoutEnd(tokens: readonly Token[]): readonly Token[] {
  return isSign(tokens.at(-1), ";") ? tokens.slice(0, -1) : tokens;
}

/** What one look at every piece tells. */
interface Survey {
  /** It holds a semicolon. */
  several: boolean;
  /** Its parentheses match. */
  balanced: boolean;
  /** It holds `:=`. */
  assigns: boolean;
  /** It holds a text, or a name between quotes. */
  quotes: boolean;
  /** A word calls by its name alone what is forbidden. */
  harmful: boolean;
  readonly verbs: Verb[];
}

type Verb = readonly [index: number, word: string];

function surveyOf(tokens: readonly Token[]): Survey {
  const survey: Survey = {
    several: false,
    balanced: true,
    assigns: false,
    quotes: false,
    harmful: false,
    verbs: [],
  };
  let depth = 0;
  let before: Token | undefined;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (token.kind === "sign") {
      if (token.text === "(") depth += 1;
      else if (token.text === ")") depth -= 1;
      else if (token.text === ";") survey.several = true;
      else if (token.text === "=" && isSign(before, ":")) survey.assigns = true;
      if (depth < 0) survey.balanced = false;
    } else if (token.kind === "word") surveyWord(token.text, index, before, survey);
    else if (token.kind === "text" || token.kind === "name") survey.quotes = true;
    before = token;
  }
  if (depth !== 0) survey.balanced = false;
  return survey;
}

/** Its verbs are the words that mean something and are not names: those behind a dot are. */
function surveyWord(text: string, index: number, before: Token | undefined, survey: Survey): void {
  if (VERBS.has(text) && !isSign(before, ".")) survey.verbs.push([index, text]);
  if (FORBIDDEN_STARTS.has(text.charCodeAt(0)) && FORBIDDEN_NAMES.test(text)) survey.harmful = true;
}

/** The classes of what an EXPLAIN explains: with ANALYZE, databases run it. */
function explainedClasses(tokens: readonly Token[]): readonly StatementClass[] | undefined {
  let at = 1;
  if (isSign(tokens[at], "(")) at = tokens.findIndex((token) => isSign(token, ")")) + 1;
  while (EXPLAIN_WORDS.has(wordAt(tokens, at)) || isSign(tokens[at], "=")) at += 1;
  const classes = FIRST.get(wordAt(tokens, at));
  return classes?.includes("explain") === true ? undefined : classes;
}

/** First words that begin several statements, of which only one is meant. */
function continuesWell(tokens: readonly Token[], first: string): boolean {
  const second = wordAt(tokens, 1);
  if (first === "START") return second === "TRANSACTION";
  if (first === "BEGIN" || first === "END" || first === "ABORT")
    return tokens.length === 1 || TRANSACTION_WORDS.has(second);
  return true;
}

function addInner(
  tokens: readonly Token[],
  { verbs, assigns }: Survey,
  first: string,
  classes: Set<StatementClass>,
): void {
  const isDdl = classes.has("ddl");
  let into = 0;
  let sets = assigns;
  for (const [index, word] of verbs) {
    if (first === "SHOW" && index === 1) continue;
    const before = wordAt(tokens, index - 1);
    const called = isSign(tokens[index + 1], "(");
    const onChange = before === "ON" && isDdl;
    if (!onChange) for (const each of INNER.get(word) ?? []) classes.add(each);
    if (word === "TRUNCATE" && !called) classes.add("ddl");
    if (word === "REPLACE" && !called && first !== "CREATE") classes.add("insert").add("delete");
    if (word === "SHARE" && ["FOR", "KEY", "IN"].includes(before)) classes.add("transaction");
    if (word === "INTO") into += 1;
    else if (INTO_OWNERS.has(word) && !called) into -= 1;
    sets ||= word === "USE" && !["INDEX", "KEY"].includes(wordAt(tokens, index + 1));
    sets ||= word === "SET";
  }
  if (into > 0) classes.add("ddl");
  if (sets && !SETTERS.some((each) => classes.has(each))) classes.add("set");
}

function isForbidden(
  tokens: readonly Token[],
  { verbs, harmful }: Survey,
  first: string,
  classes: ReadonlySet<StatementClass>,
): boolean {
  if (harmful) return true;
  return verbs.some(([index, word]) => {
    if (FORBIDDEN_WORDS.has(word)) return true;
    if (word === "VALUE") return wordAt(tokens, index - 1) === "NEXT";
    if (classes.has("set") && FORBIDDEN_SETTINGS.has(word)) return true;
    const isDdl = word === "CREATE" || word === "ALTER" || word === "DROP";
    return (
      isDdl && !(first === "ALTER" && index > 0) && first !== "SHOW" && !DDL_OBJECTS.has(objectAfter(tokens, index))
    );
  });
}

/** What a CREATE, ALTER or DROP is about. */
function objectAfter(tokens: readonly Token[], index: number): string {
  let at = index + 1;
  while (DDL_MODIFIERS.has(wordAt(tokens, at))) at += 1;
  return wordAt(tokens, at);
}

/** True when a text, or a name with a slash, stands for a table or a program: some databases read files, or run scripts. */
function readsFile(tokens: readonly Token[]): boolean {
  const fromAt: boolean[] = [false];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (token.kind === "sign") {
      if (token.text === "(") fromAt.push(false);
      else if (token.text === ")") fromAt.pop();
    } else if (token.kind === "word") {
      const isFrom = token.text === "JOIN" || (token.text === "FROM" && wordAt(tokens, index - 1) !== "DISTINCT");
      if (isFrom || CLAUSES.has(token.text)) fromAt[fromAt.length - 1] = isFrom;
    } else if (token.kind === "text" || (token.kind === "name" && /[/\\]/.test(token.text))) {
      const before = wordAt(tokens, index - 1);
      if (before === "USING") return true;
      const isTable = before === "FROM" || before === "JOIN" || isSign(tokens[index - 1], ",");
      if (isTable && fromAt.at(-1) === true) return true;
    }
  }
  return false;
}

function wordAt(tokens: readonly Token[], index: number): string {
  const token = tokens[index];
  return token?.kind === "word" ? token.text : "";
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === "sign" && token.text === text;
}
