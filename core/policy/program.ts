import type { CompiledRule } from "./compile-entries.ts";
import type { Holds } from "./conditions/closures/terms.ts";
import { packedAnswer, type PackedTerm, type PackedValue } from "./conditions/questions.ts";
import type { LayerAnswer } from "./layer.ts";
import type { Members } from "./members.ts";
import type { CallView } from "./view.ts";

/**
 * The rules that one document has about one tool, in the order in which they are asked, flat in one array: for each what it is
 * and where the next one begins, what it answers where it is true and where it is unknown, and its questions. A decision reads
 * it from left to right. With thousands of tools the rules are not in the processor's caches, and every object less on the way
 * counts.
 */
export type Program<Answer> = readonly (Answer | Entry)[];

/** What stands in a program beside answers: numbers that say what follows, values, closures. */
type Entry = PackedValue | Holds;

/** What a rule does when it is true or unknown. */
const DENY = 0;
const ASK = 1;
const ALLOW = 2;

/** A rule begins with the entries that it takes and its kind in one number, then its two answers. */
const KIND_BITS = 2;
const KIND = (1 << KIND_BITS) - 1;
const HEAD = 3;

/** In the place of a rule: there are no more. */
const END = 0;

/** A question begins with its member's number, the entries that it takes, and its operator in one number. */
const OPERATOR_BITS = 4;
const OPERATOR = (1 << OPERATOR_BITS) - 1;
const WIDTH_BITS = 8;
const WIDTH = (1 << WIDTH_BITS) - 1;
const MEMBER = OPERATOR_BITS + WIDTH_BITS;

/** In the place of an operator: the question is a closure. */
const CLOSURE = OPERATOR;

/** What a program says where an ask could not be decided: the rules must be heard one by one. */
export const UNSURE: unique symbol = Symbol("unsure");

/**
 * @param answerOf what is said of a call for which a rule's answer counts.
 * @param otherwise what is said where no rule's answer does; default: nothing.
 */
export function writeProgram<Answer>(
  rules: readonly CompiledRule[],
  answerOf: (answer: LayerAnswer) => Answer,
  otherwise?: Answer,
): Program<Answer> {
  const program: (Answer | Entry)[] = [];
  const write = (kind: number, whenTrue: Answer, whenUnknown: Answer, questions: readonly Entry[]): void => {
    const width = HEAD + questions.length;
    program.push((width << KIND_BITS) | kind, whenTrue, whenUnknown, ...questions);
  };
  for (const { condition, effect, whenTrue, whenUnknown } of rules) {
    const kind = effect === "deny" ? DENY : effect === "allow" ? ALLOW : ASK;
    write(kind, answerOf(whenTrue), answerOf(whenUnknown), questionsOf(condition));
  }
  if (otherwise !== undefined) write(ALLOW, otherwise, otherwise, []);
  program.push(END);
  // A copy is as long as it must be, and lies in one piece.
  return program.slice();
}

/** True where every question of the rule is laid out, and none is a closure. */
export function isPacked({ condition }: CompiledRule): boolean {
  return condition === undefined || condition.packed !== undefined;
}

function questionsOf(condition: CompiledRule["condition"]): readonly Entry[] {
  if (condition === undefined) return [];
  if (condition.packed === undefined) return [(2 << OPERATOR_BITS) | CLOSURE, condition.holds];
  return condition.packed.flatMap(questionOf);
}

function questionOf({ operator, member, values }: PackedTerm): readonly Entry[] {
  const width = 1 + values.length;
  return [(member << MEMBER) | (width << OPERATOR_BITS) | operator, ...values];
}

/**
 * Asks the rules of a program: denies stand first and fire on anything but false; then the first rule that is true. Gives its
 * answer; undefined where there is none, and `UNSURE` where an ask before it could not be decided.
 * @param program what holds it, among others, from `start` to its end.
 * @param view what closures ask; without it their answer is unknown.
 */
export function runProgram<Answer>(
  program: Program<Answer>,
  start: number,
  members: Members,
  view: CallView | undefined,
): Answer | typeof UNSURE | undefined {
  let isUnsure = false;
  for (let at = start; program[at] !== END;) {
    const head = program[at] as number;
    const next = at + (head >> KIND_BITS);
    let held: boolean | undefined = true;
    // Not a function of its own: the compiler would not take it in any more, and calling it costs as much as a question.
    for (let question = at + HEAD; question < next;) {
      const code = program[question] as number;
      const after = question + ((code >> OPERATOR_BITS) & WIDTH);
      const one =
        (code & OPERATOR) === CLOSURE
          ? view && (program[question + 1] as Holds)(view)
          : packedAnswer(code & OPERATOR, members.at(code >> MEMBER), program, question + 1, after);
      if (one === false) {
        held = false;
        break;
      }
      if (one === undefined) held = undefined;
      question = after;
    }
    if (held !== false) {
      const kind = head & KIND;
      if (held === true || kind === DENY) return isUnsure ? UNSURE : (program[at + (held === true ? 1 : 2)] as Answer);
      if (kind === ASK) isUnsure = true;
    }
    at = next;
  }
  return isUnsure ? UNSURE : undefined;
}
