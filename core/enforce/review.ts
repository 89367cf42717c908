import type { Approval } from "../model/approval.ts";
import { reopen } from "./collect.ts";
import type { Context } from "./context.ts";
import { decide, type Decided } from "./decide.ts";

/** What the policy says now of the call of an approval, as the approval has it: for an approver who is about to edit one. */
export function review(context: Context, approval: Approval): Decided {
  // A narrowed child's limits name tools, and an edit keeps the tool: they hold when the call is decided again at its use.
  const scope = { context, principal: approval.principal, narrowings: [] };
  return decide(scope, reopen(scope, approval));
}
