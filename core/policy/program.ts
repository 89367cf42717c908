import type { Json, JsonObject } from "../model/json.ts";
import type { CompiledRule } from "./compile-entries.ts";
import type { Holds } from "./conditions/closures/terms.ts";
import { isMap } from "./conditions/closures/values.ts";
import { packedAnswer, type PackedValue } from "./conditions/packed.ts";
import type { LayerAnswer } from "./layer.ts";
import type { CallView } from "./view.ts";

/**
 * The rules that one document has about one tool, in the order in which they are asked, flat in one array: for each where the
 * next one begins, what it is, what it answers where it is true and where it is unknown, and its questions. A decision reads it
 * from left to right. With thousands of tools the rules are not in the processor's caches, and every object less on the way
 * counts.
 */
export type Program<Answer> = readonly (Answer | Entry)[];

/** What stands in a program beside answers: places, kinds, operators, names, values, closures. */
type Entry = PackedValue | Holds | undefined;

/** What a rule does when it is true or unknown. */
const DENY = 0;
const ASK = 1;
const ALLOW = 2;

/** Entries before a rule's questions, and of each question. */
const HEAD = 4;
const QUESTION = 3;

/** In the place of an operator: the question is a closure. */
const CLOSURE = -1;

/** What a program says where an ask could not be decided: the rules must be heard one by one. */
export const UNSURE: unique symbol = Symbol("unsure");

/** @param answerOf what is said of a call for which a rule's answer counts. */
export function writeProgram<Answer>(
  rules: readonly CompiledRule[],
  answerOf: (answer: LayerAnswer) => Answer,
): Program<Answer> {
  const program: (Answer | Entry)[] = [];
  for (const { condition, effect, whenTrue, whenUnknown } of rules) {
    const questions = questionsOf(condition);
    const kind = effect === "deny" ? DENY : effect === "allow" ? ALLOW : ASK;
    program.push(
      program.length + HEAD + questions.length,
      kind,
      answerOf(whenTrue),
      answerOf(whenUnknown),
      ...questions,
    );
  }
  // A copy is as long as it must be, and lies in one piece.
  return program.slice();
}

/** True where every question of the rule is laid out, and none is a closure. */
export function isPacked({ condition }: CompiledRule): boolean {
  return condition === undefined || condition.packed !== undefined;
}

function questionsOf(condition: CompiledRule["condition"]): readonly Entry[] {
  if (condition === undefined) return [];
  if (condition.packed === undefined) return [CLOSURE, condition.holds, undefined];
  return condition.packed.flatMap(({ operator, member, value }) => [operator, member, value]);
}

/** No own members: what is asked about them is unknown. */
const NOTHING: JsonObject = Object.freeze({});

/**
 * Asks the rules of a program: denies stand first and fire on anything but false; then the first rule that is true. Gives its
 * answer; undefined where there is none, and `UNSURE` where an ask before it could not be decided.
 * @param view what closures ask; without it their answer is unknown.
 */
export function runProgram<Answer>(
  program: Program<Answer>,
  input: Json,
  view: CallView | undefined,
): Answer | typeof UNSURE | undefined {
  const members = isMap(input) ? input : NOTHING;
  let isUnsure = false;
  for (let at = 0; at < program.length;) {
    const next = program[at] as number;
    let held: boolean | undefined = true;
    for (let question = at + HEAD; question < next; question += QUESTION) {
      const one = ask(program, question, members, view);
      if (one === false) {
        held = false;
        break;
      }
      if (one === undefined) held = undefined;
    }
    if (held !== false) {
      const kind = program[at + 1];
      if (held === true || kind === DENY) return isUnsure ? UNSURE : (program[at + (held === true ? 2 : 3)] as Answer);
      if (kind === ASK) isUnsure = true;
    }
    at = next;
  }
  return isUnsure ? UNSURE : undefined;
}

function ask(
  program: Program<unknown>,
  at: number,
  members: JsonObject,
  view: CallView | undefined,
): boolean | undefined {
  const operator = program[at];
  if (operator !== CLOSURE) return packedAnswer(operator, program[at + 1] as string, program[at + 2], members);
  return view === undefined ? undefined : (program[at + 1] as Holds)(view);
}
