import { allOf, anyOf, not } from "../conditions/combine.ts";
import { type Condition, makeCondition } from "../conditions/made.ts";
import { meaningOf, type Operator, shownValue } from "../conditions/operators.ts";
import type { ReadValue } from "../conditions/closures/terms.ts";
import type { Report } from "../issues.ts";
import { describe, type Located, toJson } from "../located.ts";
import { type Block, block, oneOf, type Reader, type Shape } from "../readers.ts";
import { parseActionPath } from "./openleash-paths.ts";

/** Groups inside one another. */
const MOST_LEVELS = 32;

const GROUPS = ["all", "any", "not", "match"] as const;

const OPERATORS = ["eq", "neq", "in", "nin", "lt", "lte", "gt", "gte", "regex", "exists"] as const;

interface MatchForm {
  readonly path: ReadValue;
  readonly op: (typeof OPERATORS)[number];
  readonly value?: Located;
}

const path: Reader<ReadValue> = (node, report) => {
  const found = node.kind === "scalar" && typeof node.value === "string" ? parseActionPath(node.value) : undefined;
  if (found === undefined)
    report(
      "bad_path",
      node.place,
      "this is no path of an action",
      "for example $.payload.amount_minor, letters, digits and _ only",
    );
  return found;
};

const matchShape: Shape<MatchForm> = {
  what: "`match`",
  keys: { path, op: oneOf("`op`", OPERATORS), value: (node) => node },
  required: ["path", "op"],
};

const readMatch = block(matchShape);

/** Reads an OpenLeash `when`: one of `all`, `any`, `not` and `match`. A value that is not there is unknown, and never matches. */
export const when: Reader<Condition> = (node, report) => readGroup(node, report, 1);

function readGroup(node: Located, report: Report, level: number): Condition | undefined {
  if (level > MOST_LEVELS) {
    report("bad_condition", node.place, `a condition nests at most ${MOST_LEVELS} levels`);
    return undefined;
  }
  const [only, second] = node.kind === "map" ? node.members : [];
  const group = GROUPS.find((known) => known === only?.[0]);
  if (only === undefined || second !== undefined || group === undefined) {
    const found = node.kind === "map" ? [...node.members.keys()].join(", ") : describe(node);
    report("bad_condition", node.place, `a condition is one of ${GROUPS.join(", ")}, not ${found || "nothing"}`);
    return undefined;
  }
  const { value } = only[1];
  if (group === "match") return readQuestion(value, report);
  if (group === "not") {
    const inner = readGroup(value, report, level + 1);
    return inner === undefined ? undefined : not(inner);
  }
  if (value.kind !== "list") {
    report("wrong_type", value.place, `\`${group}\` must be a list, not ${describe(value)}`);
    return undefined;
  }
  const conditions = value.items.flatMap((item) => readGroup(item, report, level + 1) ?? []);
  if (conditions.length !== value.items.length) return undefined;
  return group === "all" ? allOf(conditions) : anyOf(conditions);
}

function readQuestion(node: Located, report: Report): Condition | undefined {
  const found = readMatch(node, report);
  const { op, path: read, value } = found?.values ?? {};
  if (found === undefined || op === undefined || read === undefined) return undefined;
  const written = node.kind === "map" ? node.members.get("path")?.value : undefined;
  const shown = written?.kind === "scalar" ? String(written.value) : "";
  if (op === "exists") return exists(found, read, shown, report);
  if (value === undefined) {
    report("missing_key", found.place, `\`${op}\` needs the key \`value\``);
    return undefined;
  }
  const operator: Operator = op === "regex" ? "matches" : op;
  const operand = toJson(value);
  const { holds, problem, shown: show } = meaningOf(operator);
  const wrong = problem(operand);
  if (wrong !== undefined) {
    report("bad_value", value.place, `\`${op}\` ${wrong}`);
    return undefined;
  }
  return plain(show(shown, shownValue(operand)), holds(read, operand));
}

/** There, what is null does not exist; and `value: false` is ignored, which here does not load. */
function exists(found: Block<MatchForm>, read: ReadValue, shown: string, report: Report): Condition {
  const { value } = found.values;
  if (value !== undefined && !(value.kind === "scalar" && value.value === true))
    report("misplaced_key", found.placeOf("value"), "`exists` takes no value", "for the contrary, use `not`");
  return plain(`${shown} exists`, (call) => (read(call) ?? null) !== null);
}

function plain(source: string, holds: Condition["holds"]): Condition {
  return makeCondition({ holds, source, compiled: true, parts: () => [{ source, holds }], comparisons: () => [] });
}
