import type { Constant, Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";

interface Cursor {
  readonly text: string;
  at: number;
}

const SPACE = /[ \t\n]+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const TEXT = /"[ !#-[\]-~]*"(?!")|'[ -&(-[\]-~]*'(?!')/y;
const NUMBER = /-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?![0-9A-Za-z_.])/y;
const RELATION = /==|!=|<=|>=|<|>|in(?![A-Za-z0-9_])/y;

/** Words that are no names in CEL, or that call for more than a function does. */
const RESERVED: ReadonlySet<string> = new Set(
  [
    ["as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop", "package"],
    ["namespace", "return", "var", "void", "while", "all", "exists", "exists_one", "existsOne", "filter", "map"],
  ].flat(),
);

const WORDS: ReadonlyMap<string, Constant["constantKind"]> = new Map<string, Constant["constantKind"]>([
  ["true", { case: "boolValue", value: true }],
  ["false", { case: "boolValue", value: false }],
  ["null", { case: "nullValue", value: 0 }],
]);

/**
 * Parses what most conditions are made of: comparisons of members with literals, calls, `in`, `&&`, `||`, `!` and brackets.
 * The tree is the one that the library's parser gives, without ids, in a hundredth of the time. Undefined for every other text,
 * right or wrong: the library must look at it. The caller has bounded the text's brackets.
 */
export function quickParse(text: string): Expr | undefined {
  const cursor: Cursor = { text, at: 0 };
  const root = readLogic(cursor, "||", "_||_", readAnd);
  return cursor.at === text.length ? root : undefined;
}

/** What the expression finds right at the cursor, which then stands behind it and the space that follows. */
function take(cursor: Cursor, expression: RegExp): string | undefined {
  expression.lastIndex = cursor.at;
  const found = expression.exec(cursor.text)?.[0];
  if (found !== undefined) {
    cursor.at += found.length;
    skipSpace(cursor);
  }
  return found;
}

function takeSign(cursor: Cursor, sign: string): boolean {
  if (!cursor.text.startsWith(sign, cursor.at)) return false;
  cursor.at += sign.length;
  skipSpace(cursor);
  return true;
}

function skipSpace(cursor: Cursor): void {
  SPACE.lastIndex = cursor.at;
  cursor.at += SPACE.exec(cursor.text)?.[0].length ?? 0;
}

type Read = (cursor: Cursor) => Expr | undefined;

function readLogic(cursor: Cursor, sign: string, name: string, read: Read): Expr | undefined {
  if (cursor.at === 0) skipSpace(cursor);
  const operands: Expr[] = [];
  do {
    const operand = read(cursor);
    if (operand === undefined) return undefined;
    operands.push(operand);
  } while (takeSign(cursor, sign));
  return balanced(name, operands, 0, operands.length - 1);
}

const readAnd: Read = (cursor) => readLogic(cursor, "&&", "_&&_", readRelation);

/** Long chains become flat trees, as the library makes them. */
function balanced(name: string, operands: readonly Expr[], first: number, last: number): Expr | undefined {
  if (first === last) return operands[first];
  const middle = Math.floor((first + last) / 2);
  return callOrNone(name, [balanced(name, operands, first, middle), balanced(name, operands, middle + 1, last)]);
}

const readRelation: Read = (cursor) => {
  const left = readUnary(cursor);
  const sign = left && take(cursor, RELATION);
  if (sign === undefined) return left;
  return callOrNone(sign === "in" ? "@in" : `_${sign}_`, [left, readUnary(cursor)]);
};

const readUnary: Read = (cursor) => {
  if (!takeSign(cursor, "!")) return readMember(cursor);
  const operand = readMember(cursor);
  // The library lets two cancel each other out, also through brackets.
  const isNegated = operand?.exprKind.case === "callExpr" && operand.exprKind.value.function === "!_";
  return isNegated ? undefined : callOrNone("!_", [operand]);
};

const readMember: Read = (cursor) => {
  let expression = readPrimary(cursor);
  while (expression !== undefined) {
    if (takeSign(cursor, ".")) expression = readStep(cursor, expression);
    else if (takeSign(cursor, "[")) expression = callOrNone("_[_]", [expression, closed(cursor, "]")]);
    else break;
  }
  return expression;
};

function readStep(cursor: Cursor, operand: Expr): Expr | undefined {
  const name = take(cursor, NAME);
  if (name === undefined || RESERVED.has(name) || WORDS.has(name)) return undefined;
  if (takeSign(cursor, "(")) return callOrNone(name, readList(cursor, ")"), operand);
  return select(operand, name, false);
}

const readPrimary: Read = (cursor) => {
  switch (cursor.text[cursor.at]) {
    case '"':
    case "'": {
      const text = take(cursor, TEXT);
      return text === undefined ? undefined : literal({ case: "stringValue", value: text.slice(1, -1) });
    }
    case "(":
      takeSign(cursor, "(");
      return closed(cursor, ")");
    case "[": {
      takeSign(cursor, "[");
      const elements = readList(cursor, "]");
      const value = { $typeName: "cel.expr.Expr.CreateList" as const, elements: elements ?? [], optionalIndices: [] };
      return elements && expressionOf({ case: "listExpr", value });
    }
    default:
      return startsNumber(cursor) ? readNumber(cursor) : readName(cursor);
  }
};

function startsNumber({ text, at }: Cursor): boolean {
  const unit = text.charCodeAt(at);
  return unit === MINUS || (unit >= ZERO && unit <= NINE);
}

const MINUS = 45;
const ZERO = 48;
const NINE = 57;

function readNumber(cursor: Cursor): Expr | undefined {
  const number = take(cursor, NUMBER);
  if (number === undefined) return undefined;
  const isWhole = !number.includes(".");
  return literal(
    isWhole ? { case: "int64Value", value: BigInt(number) } : { case: "doubleValue", value: Number(number) },
  );
}

function readName(cursor: Cursor): Expr | undefined {
  const name = take(cursor, NAME);
  const word = name === undefined ? undefined : WORDS.get(name);
  if (name === undefined || RESERVED.has(name)) return undefined;
  if (word !== undefined) return literal(word);
  // The library reads `trueinput` as `true in put`.
  if ([...WORDS.keys()].some((each) => name.startsWith(each))) return undefined;
  if (!takeSign(cursor, "(")) {
    return expressionOf({ case: "identExpr", value: { $typeName: "cel.expr.Expr.Ident", name } });
  }
  const given = readList(cursor, ")");
  if (name !== "has") return callOrNone(name, given);
  const [only] = given ?? [];
  if (given?.length !== 1 || only?.exprKind.case !== "selectExpr" || only.exprKind.value.testOnly) return undefined;
  const { operand, field } = only.exprKind.value;
  return operand && select(operand, field, true);
}

/** One expression and the bracket behind it. */
function closed(cursor: Cursor, bracket: string): Expr | undefined {
  const inner = readLogic(cursor, "||", "_||_", readAnd);
  return takeSign(cursor, bracket) ? inner : undefined;
}

/** Expressions with commas between them, and the bracket behind them. */
function readList(cursor: Cursor, bracket: string): Expr[] | undefined {
  const list: Expr[] = [];
  // Space between the brackets is none to the library.
  const isBare = cursor.text[cursor.at - 1] === (bracket === ")" ? "(" : "[");
  if (takeSign(cursor, bracket)) return isBare ? list : undefined;
  do {
    const element = readLogic(cursor, "||", "_||_", readAnd);
    if (element === undefined) return undefined;
    list.push(element);
  } while (takeSign(cursor, ","));
  return takeSign(cursor, bracket) ? list : undefined;
}

function expressionOf(exprKind: Expr["exprKind"]): Expr {
  return { $typeName: "cel.expr.Expr", id: 0n, exprKind };
}

function literal(constantKind: Constant["constantKind"]): Expr {
  return expressionOf({ case: "constExpr", value: { $typeName: "cel.expr.Constant", constantKind } });
}

function select(operand: Expr, field: string, testOnly: boolean): Expr {
  return expressionOf({ case: "selectExpr", value: { $typeName: "cel.expr.Expr.Select", operand, field, testOnly } });
}

/** Undefined where an argument is missing. */
function callOrNone(name: string, args: readonly (Expr | undefined)[] | undefined, target?: Expr): Expr | undefined {
  const given = args?.filter((each) => each !== undefined);
  if (given === undefined || given.length !== args?.length) return undefined;
  const value = { $typeName: "cel.expr.Expr.Call" as const, function: name, args: given, ...(target && { target }) };
  return expressionOf({ case: "callExpr", value });
}
