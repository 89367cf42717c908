import { LeashDenied } from "../errors.ts";
import type { AuthorizeOptions, Run } from "../model/leash.ts";
import type { ToolCall } from "../model/call.ts";
import type { Authorization } from "../model/permit.ts";
import type { Grant } from "./consume.ts";
import type { Scope } from "./context.ts";
import { observedPermit, runObserved } from "./observe.ts";
import { abandonGrant, permitOf, runGrant, sealedCopy } from "./run.ts";

/** Leave in the hands of a program: it can be used once, and while its proof holds. */
export function authorization(scope: Scope, grant: Grant, options: AuthorizeOptions): Authorization {
  const permit = permitOf(grant, options.signal ?? new AbortController().signal);
  const claim = oneUse(permit.approvalId);
  // An unused permit must neither run hours later nor keep the same call waiting for ever.
  const validMs = Math.max(0, grant.proof.expiresAt - scope.context.store.now());
  const expiry = setTimeout(() => {
    claim();
    abandonGrant(scope, grant, options).catch(() => undefined);
  }, validMs).unref();
  return Object.freeze({
    ...permit,
    input: sealedCopy(scope, grant),
    async run<T>(run: Run<T>) {
      claim();
      clearTimeout(expiry);
      return runGrant(scope, grant, run, options);
    },
  });
}

/** The same in observe mode: the original input, and no leave that could expire. */
export async function observedAuthorization(
  scope: Scope,
  call: ToolCall,
  options: AuthorizeOptions,
): Promise<Authorization> {
  const permit = await observedPermit(scope, call, options);
  const claim = oneUse(null);
  return Object.freeze({
    ...permit,
    input: call.input as Authorization["input"],
    async run<T>(run: Run<T>) {
      claim();
      return runObserved(scope, call, permit, run, options);
    },
  });
}

function oneUse(approvalId: string | null): () => void {
  let used = false;
  return () => {
    if (used) {
      const reason = "This permit was used, or its proof ran out before it was. A permit runs one action once.";
      throw new LeashDenied({ reasonCode: "already_executed", reason, approvalId });
    }
    used = true;
  };
}
