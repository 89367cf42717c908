import type { Approval, Verdict } from "../model/approval.ts";
import type { Principal } from "../model/principal.ts";
import { isOwnEdit } from "./edit.ts";
import { samePerson } from "./person.ts";
import { isStepUp } from "./step-up.ts";
import { displayName } from "./visible.ts";

/** What of a yes decides whether it counts: the same before and after it is signed. */
export type Yes = Pick<Verdict, "approver" | "roles" | "method" | "assurance" | "reason">;

/** Why an answer does not count: `why` for the log, `reason` completes "Approval K7Q2 …". */
export interface Objection {
  readonly why: string;
  readonly reason: string;
}

/** A character that a screen shows. */
const SHOWN = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]/u;

/**
 * Why this yes does not count under the approval's terms; undefined where it does. The desk asks before it signs, and the same is
 * asked of the signed yes when it is used, because a row is only a claim.
 *
 * @param principal who proposes the call; at its use as sealed, not as the row has it
 */
export function objectionTo(
  yes: Yes,
  approval: Approval,
  principal: Principal = approval.principal,
): Objection | undefined {
  const { terms } = approval;
  if (approval.demand === "step_up" && !isStepUp(yes, approval)) {
    return { why: "step-up needed", reason: "needs a step-up: the approver must prove who they are." };
  }
  if (isOwnEdit(approval, yes.approver)) {
    return { why: "the editor's own yes", reason: "is this approver's own edit: another person must say yes to it." };
  }
  if (terms.roles.length > 0 && !terms.roles.some((role) => yes.roles.includes(role))) {
    const roles = terms.roles.map(displayName).join(", ");
    return {
      why: "role needed",
      reason: `needs the yes of somebody with one of the roles ${roles}: have them answer.`,
    };
  }
  if (terms.fourEyes && isInvolved(yes.approver, approval, principal)) {
    return {
      why: "four eyes needed",
      reason: "needs a second pair of eyes: somebody who neither asked for the call nor edited it must say yes.",
    };
  }
  if (terms.reasonRequired && !SHOWN.test(yes.reason ?? "")) {
    return { why: "reason needed", reason: "needs a reason for a yes: say why." };
  }
  return undefined;
}

/** True for whoever had a hand in the call, also where their own yes to an edit would count. */
function isInvolved(approver: string, { edit }: Approval, { subject, agent, chain }: Principal): boolean {
  return [subject, agent, ...chain, edit?.editor].some((name) => name !== undefined && samePerson(name, approver));
}

/** The different people who said yes. */
export function yesCount(verdicts: readonly Pick<Verdict, "answer" | "approver">[]): number {
  const yes = verdicts.filter(({ answer }) => answer === "approve");
  return yes.filter(({ approver }, index) => yes.findIndex((other) => samePerson(other.approver, approver)) === index)
    .length;
}

/** Where the yeses stand: `1 of 2`. */
export function yesOf({ verdicts, terms }: Pick<Approval, "verdicts" | "terms">): string {
  return `${yesCount(verdicts)} of ${terms.quorum}`;
}

export function hasAnswered({ verdicts }: Pick<Approval, "verdicts">, approver: string): boolean {
  return verdicts.some((verdict) => samePerson(verdict.approver, approver));
}
