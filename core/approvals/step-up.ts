import type { Approval, Assurance } from "../model/approval.ts";

/** True when an answer proves who gave it, by a method that the rule names (any, where it names none). */
export function isStepUp(
  answer: { readonly assurance: Assurance; readonly method: string },
  approval: Approval,
): boolean {
  const { methods } = approval.terms;
  return answer.assurance === "step_up" && (methods.length === 0 || methods.includes(answer.method));
}
