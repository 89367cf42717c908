import { LeashDenied } from "../errors.ts";
import type { AuthorizeOptions, Run } from "../model/gate.ts";
import type { ToolCall } from "../model/call.ts";
import type { Authorization } from "../model/permit.ts";
import { throwIfAborted } from "./abort.ts";
import type { Grant } from "./standing.ts";
import type { Scope } from "./context.ts";
import { observedPermit, runObserved } from "./observe.ts";
import { abandonGrant, permitOf, runGrant, sealedCopy } from "./run.ts";

/** Leave in the hands of a program: it can be used once, and while its proof holds. */
export async function authorization(
  scope: Scope,
  grant: Grant,
  options: AuthorizeOptions & { readonly swap: true },
): Promise<Authorization> {
  const permit = permitOf(grant, options);
  const input = await copyOrAbandon(scope, grant, options);
  const claim = oneUse(permit.approvalId);
  const timeLeft = (): number => grant.proof.expiresAt - scope.context.store.now();
  const expire = (): Promise<void> => abandonGrant(scope, grant, options).catch(() => undefined);
  // An unused permit must neither run hours later nor keep the same call waiting for ever.
  const expiry = setTimeout(
    () => {
      claim();
      void expire();
    },
    Math.max(0, timeLeft()),
  ).unref();
  return Object.freeze({
    ...permit,
    input,
    async run<T>(run: Run<T>) {
      claim();
      clearTimeout(expiry);
      // Timers stop while a machine sleeps; the clock does not.
      if (timeLeft() > 0) return runGrant<T>(scope, grant, run, options);
      await expire();
      throw usedUp(permit.approvalId);
    },
  });
}

async function copyOrAbandon(scope: Scope, grant: Grant, options: AuthorizeOptions): Promise<Authorization["input"]> {
  try {
    // The program has the proof from here on, and may send it before it says `run`.
    await scope.context.accepted?.(options.signal);
    throwIfAborted(options.signal);
    return sealedCopy(scope, grant);
  } catch (error) {
    await abandonGrant(scope, grant, options);
    throw error;
  }
}

/**
 * The same in observe mode: the original input, and no leave that could expire. A call that ran under `enforce` gives what it gave
 * then, as `guard` does: it is not run again.
 */
export async function observedAuthorization(
  scope: Scope,
  call: ToolCall,
  options: AuthorizeOptions,
): Promise<Authorization> {
  const seen = await observedPermit(scope, call, options);
  const claim = oneUse(null);
  return Object.freeze({
    ...seen.permit,
    input: call.input as Authorization["input"],
    async run<T>(run: Run<T>) {
      claim();
      if (seen.before !== undefined) return seen.before.result as T;
      return runObserved(scope, call, seen, run, options);
    },
  });
}

function oneUse(approvalId: string | null): () => void {
  let used = false;
  return () => {
    if (used) throw usedUp(approvalId);
    used = true;
  };
}

function usedUp(approvalId: string | null): LeashDenied {
  const reason = "This permit was used, or its proof ran out before it was. A permit runs one action once.";
  return new LeashDenied({ reasonCode: "already_executed", reason, approvalId });
}
