import type { Json, JsonObject } from "../../core/model/json.ts";
import type { Compute, Condition, Leaf, Operator, Term, Tree } from "./language.ts";

/** True, false, or undefined for unknown. */
export type Truth = boolean | undefined;

/** What a condition can speak of, by name; what the call does not have is absent. */
export type View = Readonly<Record<string, Json | undefined>>;

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function look(from: Json | undefined, steps: readonly string[]): Json | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return from;
  return isObject(from) && Object.hasOwn(from, step) ? look(from[step], rest) : undefined;
}

/** What stands at a path such as `input.a.b`. */
export const find = (view: View, path: string): Json | undefined => {
  const [root = "", ...steps] = path.split(".");
  return look(view[root], steps);
};

/** One text for equal values, whatever the order of members. */
const spelled = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(spelled).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${spelled(member)}`).join()}}`;
};
export const same = (a: Json, b: Json): boolean => spelled(a) === spelled(b);

const numbers = (test: (a: number, b: number) => boolean) => (a: Json, b: Json) =>
  typeof a === "number" && typeof b === "number" ? test(a, b) : undefined;
const texts = (test: (a: string, b: string) => boolean) => (a: Json, b: Json) =>
  typeof a === "string" && typeof b === "string" ? test(a, b) : undefined;
const among = (a: Json, list: Json): boolean => Array.isArray(list) && list.some((b: Json) => same(a, b));

const OPERATORS: Readonly<Record<Exclude<Operator, "exists">, (value: Json, written: Json) => Truth>> = {
  eq: same,
  neq: (a, b) => !same(a, b),
  in: among,
  nin: (a, b) => !among(a, b),
  lt: numbers((a, b) => a < b),
  lte: numbers((a, b) => a <= b),
  gt: numbers((a, b) => a > b),
  gte: numbers((a, b) => a >= b),
  matches: texts((a, b) => new RegExp(b, "u").test(a)),
  starts_with: texts((a, b) => a.startsWith(b)),
  ends_with: texts((a, b) => a.endsWith(b)),
  contains: (a, b) => (Array.isArray(a) ? among(b, a) : texts((whole, part) => whole.includes(part))(a, b)),
};

/** Kleene's three values: false wins an `all`, true an `any`, else unknown. */
export const every = (values: readonly Truth[]): Truth =>
  values.includes(false) ? false : values.every(Boolean) || undefined;
export const not = (value: Truth): Truth => (value === undefined ? undefined : !value);

export function truth(condition: Condition | undefined, view: View): Truth {
  if (condition === undefined || typeof condition === "boolean") return condition ?? true;
  return worth("cel" in condition ? condition.cel : condition, view);
}

function worth(tree: Tree, view: View): Truth {
  if ("all" in tree) return every(tree.all.map((part) => worth(part, view)));
  if ("any" in tree) return not(every(tree.any.map((part) => not(worth(part, view)))));
  if ("not" in tree) return not(worth(tree.not, view));
  if ("text" in tree) return tree.worth;
  if ("if" in tree) {
    const [chosen, yes, no] = tree.if;
    const which = worth(chosen, view);
    return which === undefined ? undefined : worth(which ? yes : no, view);
  }
  if ("has" in tree) {
    const around = find(view, tree.has.slice(0, tree.has.lastIndexOf(".")));
    return isObject(around) ? find(view, tree.has) !== undefined : undefined;
  }
  return leaf(tree, view);
}

function leaf({ path, ...operators }: Leaf, view: View): Truth {
  const value = find(view, path);
  if (operators.exists !== undefined) return (value !== undefined) === operators.exists;
  for (const [name, operator] of Object.entries(OPERATORS)) {
    const written = look(operators, [name]);
    if (written !== undefined) return value === undefined ? undefined : operator(value, written);
  }
  return undefined;
}

/** An input in its safe form, or undefined where an expression is unknown. */
export function compute({ set = {}, remove = [] }: Compute, view: View): Json | undefined {
  let made = view["input"];
  for (const [path, term] of Object.entries(set)) {
    const value = typeof term === "object" ? valueOf(term.cel, view) : term;
    made = value === undefined || made === undefined ? undefined : put(made, path.split("."), value);
  }
  for (const path of remove) made = made === undefined ? undefined : put(made, path.split("."), undefined);
  return made;
}

function valueOf(term: Term, view: View): Json | undefined {
  if ("value" in term) return term.value;
  if ("path" in term) return find(view, term.path);
  const [a, b] = term.of.map((part) => valueOf(part, view));
  if (typeof a === "string" && typeof b === "string" && term.call === "+") return a + b;
  if (Array.isArray(a) && Array.isArray(b) && term.call === "+") return [...a, ...b];
  if (typeof a !== "number" || typeof b !== "number") return undefined;
  if (term.call === "+") return Number.isInteger(a) === Number.isInteger(b) ? a + b : undefined;
  return (term.call === "min" ? a <= b : a >= b) ? a : b;
}

/** The value with one member set, or without it. Members on the way are made; what is no object has no members. */
function put(into: Json, [step = "", ...rest]: readonly string[], value: Json | undefined): Json | undefined {
  if (!isObject(into)) return value === undefined ? into : undefined;
  const inner = look(into, [step]);
  if (value === undefined && inner === undefined) return into;
  const changed = rest.length === 0 ? value : put(inner === undefined ? {} : inner, rest, value);
  const others = Object.entries(into).filter(([name]) => name !== step);
  if (changed === undefined && rest.length > 0) return undefined;
  return Object.fromEntries(changed === undefined ? others : [...others, [step, changed]]);
}
