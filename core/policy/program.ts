import type { JsonObject } from "../model/json.ts";
import type { CompiledRule } from "./compile-entries.ts";
import type { Holds } from "./conditions/closures/terms.ts";
import { packedAnswer } from "./conditions/packed.ts";
import type { LayerAnswer } from "./layer.ts";
import type { CallView } from "./view.ts";

/**
 * The rules that one document has about one tool, in the order in which they are asked, flat in one array: for each where the next one begins,
 * what it is, what it answers where it is true and where it is unknown, and its questions. A decision reads it from left to
 * right. With thousands of tools the rules are not in the processor's caches, and every object less on the way counts.
 */
export type Program = readonly unknown[];

/** What a rule does when it is true or unknown. */
const DENY = 0;
const ASK = 1;
const ALLOW = 2;

/** Entries before a rule's questions, and of each question. */
const HEAD = 4;
const QUESTION = 3;

/** In the place of an operator: the question is a closure. */
const CLOSURE = -1;

export function writeProgram(rules: readonly CompiledRule[]): Program {
  const program: unknown[] = [];
  for (const { condition, effect, whenTrue, whenUnknown } of rules) {
    const questions = questionsOf(condition);
    const kind = effect === "deny" ? DENY : effect === "allow" ? ALLOW : ASK;
    program.push(program.length + HEAD + questions.length, kind, whenTrue, whenUnknown, ...questions);
  }
  return program;
}

function questionsOf(condition: CompiledRule["condition"]): readonly unknown[] {
  if (condition === undefined) return [];
  if (condition.packed === undefined) return [CLOSURE, condition.holds, undefined];
  return condition.packed.flatMap(({ operator, member, value }) => [operator, member, value]);
}

/** What was found by going through a program. */
export interface Found {
  /** The answer of the deny that fired or of the first rule that is true; undefined where there is none. */
  readonly answer: LayerAnswer | undefined;
  /** Asks before it that could not be decided. */
  readonly kept: readonly LayerAnswer[];
}

/**
 * Asks the rules of a program: denies stand first and fire on anything but false; then the first rule that is true. Gives its answer alone
 * where nothing was kept on the way, which is nearly always.
 */
export function runProgram(program: Program, view: CallView): LayerAnswer | Found | undefined {
  const input = membersOf(view);
  let kept: LayerAnswer[] | undefined;
  for (let at = 0; at < program.length;) {
    const next = program[at] as number;
    const held = askRule(program, at + HEAD, next, input, view);
    if (held !== false) {
      const kind = program[at + 1];
      const answer = program[at + (held === true ? 2 : 3)] as LayerAnswer;
      if (held === true || kind === DENY) return kept === undefined ? answer : { answer, kept };
      if (kind === ASK) (kept ??= []).push(answer);
    }
    at = next;
  }
  return kept === undefined ? undefined : { answer: undefined, kept };
}

/** False where one question is false, else unknown where one is unknown. */
function askRule(
  program: Program,
  from: number,
  to: number,
  input: JsonObject | undefined,
  view: CallView,
): boolean | undefined {
  let held: boolean | undefined = true;
  for (let at = from; at < to; at += QUESTION) {
    const operator = program[at];
    const one =
      operator === CLOSURE
        ? (program[at + 1] as Holds)(view)
        : packedAnswer(operator, program[at + 1] as string, program[at + 2], input);
    if (one === false) return false;
    if (one === undefined) held = undefined;
  }
  return held;
}

function membersOf({ action: { input } }: CallView): JsonObject | undefined {
  return typeof input === "object" && input !== null && !Array.isArray(input) ? (input as JsonObject) : undefined;
}
