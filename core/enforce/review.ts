import type { Approval } from "../model/approval.ts";
import type { Context } from "./context.ts";
import { decideEdited, type Decided } from "./decide.ts";
import { reopen } from "./seal.ts";

/** What the policy says now of a call that an approver is about to edit: as it was asked about first, and as it would be. */
export function review(context: Context, asked: Approval, edited: Approval): Promise<Decided> {
  // A narrowed child's limits name tools, and an edit keeps the tool: they hold when the call is decided again at its use.
  const scope = { context, principal: edited.principal, narrowings: [] };
  return decideEdited(scope, reopen(scope, asked), reopen(scope, edited));
}
