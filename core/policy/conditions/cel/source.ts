import { parse } from "@bufbuild/cel";
import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import type { Report } from "../../issues.ts";
import type { LocatedScalar } from "../../located.ts";
import type { ConditionProblem } from "./inspect.ts";
import { quickParse } from "./quick-parse.ts";

/** UTF-8 bytes of a condition. */
export const MAXIMUM_BYTES = 4096;

/** Brackets inside one another, counted before anything recurses over them. */
const MAXIMUM_BRACKETS = 64;

/** UTF-16 units become at most so many UTF-8 bytes. */
const BYTES_PER_UNIT = 3;

/** Something wrong with a CEL text, where it stands in it. */
export interface SourceProblem {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

/** An expression, or why there is none. */
export type ReadSource =
  | { readonly root: Expr; readonly problems: readonly never[] }
  | { readonly root: undefined; readonly problems: readonly SourceProblem[] };

/** Parses a CEL text and looks through it; never throws. */
export function readSource(source: string, inspect: (root: Expr) => readonly ConditionProblem[]): ReadSource {
  if (isTooLong(source)) return refused({ offset: 0, message: `a condition has at most ${MAXIMUM_BYTES} bytes` });
  if (bracketDepth(source) > MAXIMUM_BRACKETS) {
    return refused({ offset: 0, message: `a condition nests at most ${MAXIMUM_BRACKETS} brackets` });
  }
  const quick = quickParse(source);
  // Only the full parser knows the places of problems.
  if (quick !== undefined && inspect(quick).length === 0) return { root: quick, problems: [] };
  try {
    const { expr: root, sourceInfo } = parse(source);
    if (root === undefined) throw new Error("it is empty");
    const problems = inspect(root).map(({ id, message, hint }) => ({
      offset: sourceInfo?.positions[String(id)] ?? 0,
      message,
      ...(hint === undefined ? {} : { hint }),
    }));
    return problems.length === 0 ? { root, problems: [] } : { root: undefined, problems };
  } catch (error) {
    return refused(parseProblem(error));
  }
}

/** Reports the problems where they stand in the policy's text. */
export function reportProblems(problems: readonly SourceProblem[], node: LocatedScalar, report: Report): void {
  for (const { offset, message, hint } of problems) {
    const { place, verbatimAt } = node;
    report(
      "bad_condition",
      verbatimAt === undefined ? place : { ...place, offset: verbatimAt + offset },
      message,
      hint,
    );
  }
}

function refused(problem: SourceProblem): ReadSource {
  return { root: undefined, problems: [problem] };
}

function isTooLong(source: string): boolean {
  if (source.length * BYTES_PER_UNIT <= MAXIMUM_BYTES) return false;
  return source.length > MAXIMUM_BYTES || new TextEncoder().encode(source).byteLength > MAXIMUM_BYTES;
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

/** The library's parse errors carry a location and a raw message; anything else has neither. */
function parseProblem(error: unknown): SourceProblem {
  const offset = memberOf(memberOf(memberOf(error, "location"), "start"), "offset");
  const message = memberOf(error, "rawMessage");
  return {
    offset: typeof offset === "number" ? offset : 0,
    message: `the condition cannot be read: ${typeof message === "string" ? message : "it is malformed or too complex"}`,
    hint: "conditions are CEL, for example input.amount < 5000",
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
