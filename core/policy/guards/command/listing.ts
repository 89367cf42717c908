import { judgeArguments } from "./arguments.ts";
import type { Word } from "./line.ts";
import { isBelow, touchesProtected, type View } from "./places.ts";
import { grammarOf } from "./programs.ts";
import { noRoles } from "./roles.ts";

/** The patterns of a command whose program tells of files no more than their names and sizes, whatever a policy says of it. */
export function listedWords([program, ...words]: readonly Word[]): readonly Word[] {
  const grammar = program === undefined || program.marks.size > 0 ? undefined : grammarOf(program.text);
  if (grammar?.source.lists !== true) return [];
  const roles = noRoles();
  return judgeArguments(grammar, words, roles).refusal === undefined ? (roles.listed ?? []) : [];
}

/** True where such a pattern comes to name a protected place all the same: a folder of secrets, whose very names are protected. */
export function listsProtected(word: Word, view: View): boolean {
  return touchesProtected(word, isBelow(word, view) ? { ...view, role: "listed" } : view);
}
