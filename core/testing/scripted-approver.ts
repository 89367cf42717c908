import type { Approval } from "../model/approval.ts";
import type { Desk } from "../model/desk.ts";
import type { Notifier } from "../model/runtime.ts";

/** What a scripted person does about an approval; `ignore` lets it expire. */
export type ScriptedVerdict = "approve" | "deny" | "ignore";

/**
 * A person for tests and demos: answers each approval it is told of at a real desk. The desk is asked for late, because a leash
 * exists only after its notifiers.
 * @example
 * const leash: Leash = await createLeash({ policy, store: "memory", notify: scriptedApprover(() => leash.desk({ id: "ann" }), () => "approve") });
 */
export function scriptedApprover(
  desk: () => Desk,
  answer: (approval: Approval) => ScriptedVerdict | { readonly verdict: ScriptedVerdict; readonly reason: string },
): Notifier {
  return async (approval) => {
    const given = answer(approval);
    const { verdict, reason } = typeof given === "string" ? { verdict: given, reason: undefined } : given;
    if (verdict === "ignore") return;
    await desk()[verdict](approval.id, reason === undefined ? {} : { reason });
  };
}
