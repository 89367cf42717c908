import { type Expression, expression } from "../conditions/expression.ts";
import type { Place } from "../issues.ts";
import { describe } from "../located.ts";
import { type Block, block, listOf, type Reader, type Shape } from "../readers.ts";
import { toolName } from "./names.ts";

/** One member of the input that gets another value. */
export interface Setting {
  readonly steps: readonly string[];
  readonly value: Expression;
}

/** How a rule makes the safe form of a call. */
export interface ComputeForm {
  readonly set?: readonly Setting[];
  readonly remove?: readonly (readonly string[])[];
  readonly tool?: string;
}

const MEMBER_PATH = /^[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*){0,15}$/;

/** Without a prototype's name among the steps: what is set must become an own member. */
function stepsOf(text: string): readonly string[] | undefined {
  if (!MEMBER_PATH.test(text)) return undefined;
  const steps = text.split(".");
  return steps.includes("__proto__") ? undefined : steps;
}

const HELP = "for example `limit` or `options.limit`";

const set: Reader<readonly Setting[]> = (node, report) => {
  if (node.kind !== "map") {
    report("wrong_type", node.place, `\`set\` must be a block of values by path, not ${describe(node)}`);
    return undefined;
  }
  const found: Setting[] = [];
  for (const [path, { keyPlace, value: written }] of node.members) {
    const steps = stepsOf(path);
    if (steps === undefined) report("bad_path", keyPlace, "a path names a member below the input", HELP);
    const value = expression(written, report);
    if (steps !== undefined && value !== undefined) found.push({ steps, value });
  }
  if (node.members.size === 0) report("bad_value", node.place, "`set` must not be empty");
  return found;
};

const path: Reader<readonly string[]> = (node, report) => {
  const steps = node.kind === "scalar" && typeof node.value === "string" ? stepsOf(node.value) : undefined;
  if (steps === undefined) report("bad_path", node.place, "a path names a member below the input", HELP);
  return steps;
};

export const computeShape: Shape<ComputeForm> = {
  what: "`compute`",
  keys: { set, remove: listOf("`remove`", path), tool: toolName },
};

const read = block(computeShape);

/** Reads `compute`; a member that is set twice, or set and removed, would be a guess. */
export const compute: Reader<ComputeForm> = (node, report) => {
  const found = read(node, report);
  if (found === undefined) return undefined;
  checkPaths(found, report);
  if (found.values.set === undefined && found.values.remove === undefined && found.values.tool === undefined)
    report("bad_value", found.place, "`compute` must set, remove or name a tool");
  return found.values;
};

function checkPaths(
  found: Block<ComputeForm>,
  report: (code: "duplicate", place: Place, message: string) => void,
): void {
  const { values } = found;
  const paths = [...(values.set ?? []).map(({ steps }) => steps), ...(values.remove ?? [])].map((steps) =>
    steps.join("."),
  );
  for (const [index, one] of paths.entries()) {
    const other = paths
      .slice(index + 1)
      .find((later) => `${later}.`.startsWith(`${one}.`) || `${one}.`.startsWith(`${later}.`));
    if (other !== undefined)
      report(
        "duplicate",
        found.placeOf("set"),
        `\`compute\` changes \`${one}\` and \`${other}\`, one of which holds the other`,
      );
  }
}
