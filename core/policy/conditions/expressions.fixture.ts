import * as fc from "fast-check";
import { NAMES, TEXTS } from "./calls.fixture.ts";

type Texts = fc.Arbitrary<string>;

const quoted = (text: string): string => JSON.stringify(text);

/** Texts of an arbitrary choice, each so many times as likely as one of weight 1. */
function weighted(...choices: readonly (readonly [weight: number, arbitrary: Texts])[]): Texts {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** Texts put together; a word stands for itself. */
function joined(...parts: readonly (string | Texts)[]): Texts {
  return fc
    .tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)))
    .map((all) => all.join(""));
}

const oneOf = (...texts: readonly string[]): Texts => fc.constantFrom(...texts);

const fixedTexts = oneOf(...TEXTS).map(quoted);

const literals = weighted(
  [4, oneOf("0", "1", "2", "-1", "3", "9007199254740991", "1.5", "1.0", "-0.0", "1e300", "0.1")],
  [1, oneOf("9007199254740992", "9007199254740993", "1u", "b'a'", "-(1)", "-(1.5)")],
  [4, fixedTexts],
  [2, oneOf("true", "false", "null")],
);

const lists = fc.array(literals, { maxLength: 7 }).map((items) => `[${items.join(", ")}]`);

const plainNames = oneOf("a", "b", "c", "m", "constructor", "length", "__proto__");

const members = fc.oneof(joined(".", plainNames), joined("[", oneOf(...NAMES).map(quoted), "]"));

const indexes = oneOf("0", "1", "-1", "1.0", "1.5", "true", "null", '"a"', '"constructor"', "input.b", "size(input.c)");

function paths(locals: readonly string[]): Texts {
  const local = locals.length === 0 ? oneOf("input.a") : oneOf(...locals);
  return weighted(
    [1, joined("input.", plainNames)],
    [1, oneOf("input.a", "input.b")],
    [1, joined(oneOf("input", "input.a", "input.m"), members)],
    [1, joined(oneOf("input.a", "input.c", "input.m", "input"), "[", indexes, "]")],
    [1, oneOf("agent", "subject", "session", "tool.name", "tool.idempotent", "tool", "labels", 'labels["/a"]')],
    [1, oneOf("counterparty", "counterparty.id", "counterparty.trust", "money", "money.amount", "money.currency")],
    [3, local],
    [1, joined(local, members)],
  );
}

const signs = oneOf("==", "!=", "<", "<=", ">", ">=");

const textTests = oneOf("startsWith", "endsWith", "contains");

const patterns = oneOf(
  ...["^a", "b$", "^ab?a$", "^(a|ab)+$", "^https://.*\\.com", "[0-9]+", "^$", "(USD|EUR)", "^.{1,3}$", "é|😀"].map(
    quoted,
  ),
);

/** Values: paths, literals, and what functions make of them. */
export function operands(locals: readonly string[], depth: number): Texts {
  const simple = [
    [6, paths(locals)],
    [4, literals],
    [1, lists],
    [1, oneOf('{"a": 1}', '{"b": [1], "a": null}', "{1: 2}", "int", "input")],
  ] as const;
  if (depth <= 0) return weighted(...simple);
  const inner = operands(locals, depth - 1);
  return weighted(
    ...simple,
    [1, joined("size(", paths(locals), ")")],
    [1, joined(oneOf("min", "max"), "(", inner, ", ", inner, ")")],
    [1, joined("(", inner, oneOf(" + ", " - ", " * ", " / ", " % "), inner, ")")],
    [1, joined("(", booleans(locals, depth - 1), " ? ", inner, " : ", inner, ")")],
    [1, joined(oneOf("type", "dyn", "string", "int", "double"), "(", inner, ")")],
    [1, joined("[", inner, ", ", inner, "]")],
    [1, loops(locals, depth, ["map", "filter"])],
    [1, oneOf("now.getHours()", "now.getDayOfWeek('Europe/Stockholm')", "now")],
  );
}

function loops(locals: readonly string[], depth: number, kinds: readonly string[]): Texts {
  if (locals.length > 1) return fc.constant("true");
  const name = locals.includes("x") ? "y" : "x";
  const inner = [...locals, name];
  const ranges = fc.oneof(oneOf("input.c", "input.c", "input.a", "input.m", "input"), lists, paths(locals));
  return fc.constantFrom(...kinds).chain((kind) => {
    const body = kind === "map" ? operands(inner, depth - 1) : booleans(inner, depth - 1);
    return joined(ranges, `.${kind}(${name}, `, body, ")");
  });
}

/** What policies say, over values of the types that they expect. */
function sensible(locals: readonly string[]): Texts {
  const number = oneOf("input.a", "size(input.c)", "size(input.b)", "money.amount", ...locals);
  const text = oneOf("input.b", "input.b", "agent", "tool.name", "money.currency", ...locals);
  const fixedNumber = oneOf("0", "1", "2", "-1", "1.5", "1.0", "9007199254740991");
  const fixedList = fc.array(fixedTexts, { maxLength: 8 }).map((items) => `[${items.join(", ")}]`);
  return fc.oneof(
    joined(number, " ", signs, " ", fixedNumber),
    joined(fixedNumber, " ", signs, " ", number),
    joined(text, " ", signs, " ", fixedTexts),
    joined(text, " in ", fixedList),
    joined(text, ".", textTests, "(", fixedTexts, ")"),
    joined(text, ".matches(", patterns, ")"),
    joined(fixedTexts, " in ", oneOf("input.c", "input.m", "input")),
    joined("has(input.", oneOf("a", "b", "c", "m", "d", "constructor"), ")"),
    oneOf("tool.idempotent", "true", "false", "input.m == {}", "counterparty.trust == 'HIGH'"),
  );
}

/** Conditions. `locals` are the variables of the comprehensions around them. */
export function booleans(locals: readonly string[], depth: number): Texts {
  const operand = operands(locals, depth - 1);
  const path = paths(locals);
  const holders = oneOf("input", "input.a", "input.m", "counterparty", "money", "tool", ...locals);
  const simple = [
    [30, sensible(locals)],
    [8, joined(operand, " ", signs, " ", operand)],
    [3, joined(operand, " in ", lists)],
    [2, joined(operand, " in ", path)],
    [2, joined("has(", holders, ".", oneOf("a", "b", "constructor", "length", "trust", "amount", "name"), ")")],
    [1, path],
    [3, joined(path, ".", textTests, "(", operand, ")")],
    [2, joined(path, ".matches(", patterns, ")")],
  ] as const;
  if (depth <= 0) return weighted(...simple);
  const inner = booleans(locals, depth - 1);
  const signsOfLogic = oneOf(" && ", " || ");
  return weighted(
    ...simple,
    [10, joined("(", inner, signsOfLogic, inner, ")")],
    [2, joined(inner, signsOfLogic, inner, signsOfLogic, inner)],
    [2, joined("!(", inner, ")")],
    [1, joined("(", inner, " ? ", inner, " : ", inner, ")")],
    [3, loops(locals, depth, ["all", "exists", "exists_one"])],
    [1, joined("size(", loops(locals, depth, ["filter"]), ") > 0")],
  );
}
