import type { Ledger } from "../limits/rows.ts";
import type { Action } from "../model/call.ts";
import { inForce, type Scope } from "./context.ts";

/** The counters of the call's tenant; what is only observed has its own. */
export function ledgerOf(scope: Scope, { principal }: Pick<Action, "principal">): Ledger {
  return { store: scope.context.store, tenant: principal.tenant, mode: inForce(scope).mode };
}
