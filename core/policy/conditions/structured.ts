import type { Report } from "../issues.ts";
import { parseInputPath } from "../language/paths.ts";
import { describe, type Located, type LocatedMap, type LocatedMember, toJson } from "../located.ts";
import type { Reader } from "../readers.ts";
import { suggest } from "../suggest.ts";
import { MEMBERS } from "./bindings.ts";
import { allOf, anyOf, comparison, not } from "./combine.ts";
import { condition } from "./condition.ts";
import type { Condition } from "./made.ts";
import { isOperator, meaningOf, OPERATORS } from "./operators.ts";

/** Questions and groups in one structured condition. */
const MOST_NODES = 256;

/** Groups inside one another. */
const MOST_LEVELS = 32;

const GROUPS = ["all", "any", "not"] as const;

interface Budget {
  nodes: number;
}

/**
 * Reads a rule's `when`: CEL as a text, `true` or `false`, or the structured form:
 * `{ all: [..] }`, `{ any: [..] }`, `{ not: {..} }`, or one question such as `{ path: input.amount, lt: 5000 }`.
 */
export const when: Reader<Condition> = (node, report) =>
  node.kind === "map" ? readNode(node, report, { nodes: 0 }, 1) : condition(node, report);

function readNode(node: Located, report: Report, budget: Budget, level: number): Condition | undefined {
  budget.nodes += 1;
  if (budget.nodes > MOST_NODES || level > MOST_LEVELS) {
    // Once: what follows is not read.
    if (budget.nodes !== Number.POSITIVE_INFINITY) {
      const bound = level > MOST_LEVELS ? `nests at most ${MOST_LEVELS} levels` : `has at most ${MOST_NODES} questions`;
      report("bad_condition", node.place, `a condition ${bound}`);
    }
    budget.nodes = Number.POSITIVE_INFINITY;
    return undefined;
  }
  if (node.kind !== "map") {
    report(
      "wrong_type",
      node.place,
      `here stands a block with \`all\`, \`any\`, \`not\` or \`path\`, not ${describe(node)}`,
    );
    return undefined;
  }
  const group = GROUPS.find((key) => node.members.has(key));
  if (group === undefined) return readQuestion(node, report);
  const other = [...node.members].find(([key]) => key !== group);
  if (other !== undefined) {
    report("misplaced_key", other[1].keyPlace, `\`${other[0]}\` does not stand beside \`${group}\``);
    return undefined;
  }
  const member = node.members.get(group);
  return member && readGroup(group, member, (inner) => readNode(inner, report, budget, level + 1), report);
}

function readGroup(
  group: (typeof GROUPS)[number],
  { value, keyPlace }: LocatedMember,
  read: (node: Located) => Condition | undefined,
  report: Report,
): Condition | undefined {
  if (group === "not") {
    const negated = read(value);
    return negated && not(negated);
  }
  if (value.kind !== "list" || value.items.length === 0) {
    report("bad_value", keyPlace, `\`${group}\` needs a list with at least one condition`);
    return undefined;
  }
  const conditions = value.items.map(read).filter((each) => each !== undefined);
  if (conditions.length !== value.items.length) return undefined;
  return group === "all" ? allOf(conditions) : anyOf(conditions);
}

/** A path, and one operator. */
function readQuestion(node: LocatedMap, report: Report): Condition | undefined {
  const path = node.members.get("path");
  const asked = [...node.members].filter(([key]) => key !== "path");
  const unknown = asked.filter(([key]) => !isOperator(key));
  for (const [key, { keyPlace }] of unknown) {
    report(
      "unknown_key",
      keyPlace,
      `a condition has no key \`${key}\``,
      suggest(key, [...GROUPS, "path", ...OPERATORS]),
    );
  }
  if (path === undefined) report("missing_key", node.place, "a condition needs `path`, or `all`, `any` or `not`");
  const [first, second] = asked;
  if (second !== undefined)
    report("misplaced_key", second[1].keyPlace, "a condition asks one question; use `all` for more");
  if (first === undefined) report("missing_key", node.place, `a condition needs one of ${OPERATORS.join(", ")}`);
  if (path === undefined || first === undefined || second !== undefined || unknown.length > 0) return undefined;
  return readOperand(path.value, first, report);
}

function readOperand(
  at: Located,
  [operator, { value }]: readonly [string, LocatedMember],
  report: Report,
): Condition | undefined {
  const written = at.kind === "scalar" && typeof at.value === "string" ? at.value : "";
  const path = parsePath(written);
  if (path === undefined) {
    report("bad_path", at.place, "this is no path of a call", "for example input.amount, counterparty.id or agent");
  }
  if (!isOperator(operator)) return undefined;
  const operand = toJson(value);
  const problem = meaningOf(operator).problem(operand);
  if (problem !== undefined) report("bad_value", value.place, `\`${operator}\` ${problem}`);
  return path === undefined || problem !== undefined ? undefined : comparison(path, operator, operand);
}

/** `input.a.b`, `agent`, `subject`, `session`, or a known member of `tool`, `counterparty` or `money`. */
export function parsePath(text: string): readonly string[] | undefined {
  const input = parseInputPath(text);
  if (input !== undefined) return ["input", ...input];
  const [variable = "", member, more] = text.split(".");
  const members = MEMBERS.get(variable);
  if (members === undefined || more !== undefined) return undefined;
  if (member === undefined) return members.length === 0 ? [variable] : undefined;
  return members.includes(member) ? [variable, member] : undefined;
}
