import { parse, plan } from "@bufbuild/cel";
import { describe, type Located, type LocatedScalar } from "../located.ts";
import type { Reader } from "../readers.ts";
import type { Report } from "../issues.ts";
import { bind, type Bindings, type CallInView } from "./bindings.ts";
import { resetSteps } from "./functions.ts";
import { ENVIRONMENT, inspect } from "./inspect.ts";

/** UTF-8 bytes of a condition. */
const MAXIMUM_BYTES = 4096;

/** Brackets inside one another, counted before anything recurses over them. */
const MAXIMUM_BRACKETS = 64;

/**
 * A planned condition: true, false, or undefined for *unknown* (an error, a missing member, a value that is no boolean).
 * `bindings` belong to the call and are filled as conditions need them.
 */
export type Condition = (call: CallInView, bindings: Bindings) => boolean | undefined;

/**
 * Reads a rule's `when`: a CEL text, or plainly `true` or `false`. What cannot be parsed, or could never mean anything, is
 * reported where it stands.
 */
export const condition: Reader<Condition> = (node, report) => {
  const source = sourceOf(node);
  if (source === undefined || node.kind !== "scalar") {
    report("wrong_type", node.place, `\`when\` must be a condition, not ${describe(node)}`);
    return undefined;
  }
  if (new TextEncoder().encode(source).byteLength > MAXIMUM_BYTES) {
    report("bad_condition", node.place, `a condition has at most ${MAXIMUM_BYTES} bytes`);
    return undefined;
  }
  if (bracketDepth(source) > MAXIMUM_BRACKETS) {
    report("bad_condition", node.place, `a condition nests at most ${MAXIMUM_BRACKETS} brackets`);
    return undefined;
  }
  return compile(source, node, report);
};

function sourceOf(node: Located): string | undefined {
  if (node.kind !== "scalar") return undefined;
  return typeof node.value === "boolean" ? String(node.value) : typeof node.value === "string" ? node.value : undefined;
}

/** A cheap count that also sees brackets inside texts; what it misses overflows the parser, which is caught. */
function bracketDepth(source: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of source) {
    if ("([{".includes(character)) deepest = Math.max(deepest, (depth += 1));
    else if (")]}".includes(character)) depth = Math.max(0, depth - 1);
  }
  return deepest;
}

function compile(source: string, node: LocatedScalar, report: Report): Condition | undefined {
  const placeAt = (offset: number) =>
    node.verbatimAt === undefined ? node.place : { ...node.place, offset: node.verbatimAt + offset };
  try {
    const parsed = parse(source);
    if (parsed.expr === undefined) throw new Error("it is empty");
    const { problems, variables } = inspect(parsed.expr);
    for (const { id, message, hint } of problems) {
      report("bad_condition", placeAt(parsed.sourceInfo?.positions[String(id)] ?? 0), message, hint);
    }
    if (problems.length > 0) return undefined;
    const evaluate = plan(ENVIRONMENT, parsed.expr);
    return (call, bindings) => {
      try {
        bind(bindings, variables, call);
        resetSteps();
        const value = evaluate(bindings);
        return typeof value === "boolean" ? value : undefined;
      } catch {
        return undefined;
      }
    };
  } catch (error) {
    const { offset, message } = parseProblem(error);
    report(
      "bad_condition",
      placeAt(offset),
      `the condition cannot be read: ${message}`,
      "conditions are CEL, for example input.amount < 5000",
    );
    return undefined;
  }
}

/** The library's parse errors carry a location and a raw message; anything else has neither. */
function parseProblem(error: unknown): { readonly offset: number; readonly message: string } {
  const offset = memberOf(memberOf(memberOf(error, "location"), "start"), "offset");
  const message = memberOf(error, "rawMessage");
  return {
    offset: typeof offset === "number" ? offset : 0,
    message: typeof message === "string" ? message : "it is malformed or too complex",
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
