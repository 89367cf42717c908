import type { Token } from "./tokens.ts";
import {
  FORBIDDEN_FUNCTIONS,
  FORBIDDEN_PREFIXES,
  KNOWN_FUNCTIONS,
  PAIRS_BEFORE_PARENTHESIS,
  WORDS_BEFORE_PARENTHESIS,
} from "./words.table.ts";

/** What the functions of a statement are: all known to be harmless, or some not known, or some known to do harm. */
export type Calls = "known" | "unknown" | "forbidden";

/** Before a name with a list of columns. */
const BEFORE_COLUMNS: ReadonlySet<string> = new Set(["INTO", "INSERT", "AS", "WITH", "RECURSIVE", "CALL"]);

/** The same within DDL, before what it selects. */
const BEFORE_DDL_COLUMNS: ReadonlySet<string> = new Set([
  "TABLE",
  "VIEW",
  "EXISTS",
  "ON",
  "USING",
  "REFERENCES",
  "INDEX",
  "KEY",
  "ADD",
  "ANALYZE",
  "VACUUM",
]);

/** Before a parenthesis within DDL. */
const DDL_WORDS: ReadonlySet<string> = new Set([
  "CHECK",
  "UNIQUE",
  "KEY",
  "INDEX",
  "INCLUDE",
  "ADD",
  "RANGE",
  "LIST",
  "HASH",
]);

const VERBS: ReadonlySet<string> = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"]);

/** Schemas that only hold what the database itself brings. */
const OWN_SCHEMAS: ReadonlySet<string> = new Set(["pg_catalog", "information_schema"]);

/** `FORBIDDEN_PREFIXES` by their first character. */
const PREFIXES: ReadonlyMap<number, readonly string[]> = new Map(
  FORBIDDEN_PREFIXES.map((prefix) => {
    const code = prefix.charCodeAt(0);
    return [code, FORBIDDEN_PREFIXES.filter((other) => other.charCodeAt(0) === code)];
  }),
);

interface Chain {
  /** `schema.name`, in lower case, outermost first. */
  readonly names: readonly string[];
  readonly quoted: boolean;
  /** What stands before it. */
  readonly before: Token | undefined;
}

/**
 * Looks at every name before a parenthesis.
 * @param tokens parentheses balanced.
 * @param allowed functions of the user's own, in lower case, with their schema where they are called with it.
 * @param ddl true for a statement that is DDL by its first word.
 */
export function callsOf(tokens: readonly Token[], allowed: ReadonlySet<string>, ddl: boolean): Calls {
  // Outside parentheses and before its verb, a leading WITH has names with columns and no calls.
  let inWith = isWord(tokens[0], "WITH");
  let inDdl = ddl;
  let depth = 0;
  let worst: Calls = "known";
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.kind === "word" && (inWith || inDdl) && VERBS.has(token.text)) {
      if (depth === 0) inWith = false;
      if (token.text === "SELECT") inDdl = false;
    }
    if (token?.kind !== "sign") continue;
    if (token.text === ")") depth -= 1;
    if (token.text !== "(") continue;
    depth += 1;
    const chain = chainBefore(tokens, index);
    if (chain === undefined) continue;
    if (chain.names.some(isForbidden)) return "forbidden";
    const named = (inWith && depth === 1) || (inDdl && isOfDdl(chain));
    if (!named && !isHarmless(chain, allowed)) worst = "unknown";
  }
  return worst;
}

function isOfDdl({ names, quoted, before }: Chain): boolean {
  const [first = "", second] = names;
  if (second === undefined && !quoted && DDL_WORDS.has(first.toUpperCase())) return true;
  return before?.kind === "word" && BEFORE_DDL_COLUMNS.has(before.text);
}

function isForbidden(name: string): boolean {
  if (FORBIDDEN_FUNCTIONS.has(name)) return true;
  return PREFIXES.get(name.charCodeAt(0))?.some((prefix) => name.startsWith(prefix)) === true;
}

function isHarmless(chain: Chain, allowed: ReadonlySet<string>): boolean {
  const { names, before } = chain;
  const [first = "", second] = names;
  if (allowed.has(names.join(".")) || isBeforeColumns(before)) return true;
  if (second === undefined)
    return KNOWN_FUNCTIONS.has(first) || (!chain.quoted && isKeyword(first.toUpperCase(), before));
  return names.length === 2 && OWN_SCHEMAS.has(first) && KNOWN_FUNCTIONS.has(second);
}

function isKeyword(word: string, before: Token | undefined): boolean {
  if (WORDS_BEFORE_PARENTHESIS.has(word)) return true;
  if (before === undefined) return word === "EXPLAIN";
  const pairs = Object.hasOwn(PAIRS_BEFORE_PARENTHESIS, word) ? PAIRS_BEFORE_PARENTHESIS[word] : undefined;
  return before.kind === "word" && pairs?.includes(before.text) === true;
}

/** True where a name with a parenthesis cannot be a call: after another parenthesis, and after these words. */
function isBeforeColumns(before: Token | undefined): boolean {
  return isSign(before, ")") || (before?.kind === "word" && BEFORE_COLUMNS.has(before.text));
}

/** The names that end right before a parenthesis: `a`, `a.b`, `"a"`, `[a]`. Undefined where none does. */
function chainBefore(tokens: readonly Token[], parenthesis: number): Chain | undefined {
  const names: string[] = [];
  let quoted = false;
  let at = parenthesis - 1;
  for (;;) {
    const bracketed = isSign(tokens[at], "]");
    const name = tokens[bracketed ? at - 1 : at];
    const isName = name?.kind === "word" || name?.kind === "name";
    // What stands in brackets here is a name; of any other than a plain one nobody knows what it is.
    if (bracketed && !(isName && isSign(tokens[at - 2], "["))) return { names: [""], quoted: true, before: undefined };
    if (!isName) break;
    names.unshift(name.text.toLowerCase());
    quoted ||= bracketed || name.kind === "name";
    at -= bracketed ? 3 : 1;
    if (!isSign(tokens[at], ".")) break;
    at -= 1;
  }
  return names.length === 0 ? undefined : { names, quoted, before: tokens[at] };
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === "sign" && token.text === text;
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === "word" && token.text === text;
}
