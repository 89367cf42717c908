import { LeashDenied } from "../errors.ts";
import type { Obligation } from "../model/decision.ts";
import type { ObligationContext, ObligationHandler } from "../model/gate.ts";

/** Handlers by the type of obligation that they fulfil. */
export type ObligationHandlers = ReadonlyMap<string, ObligationHandler>;

/**
 * Fulfils what must be done before the run. Nothing has run when one fails.
 * @throws {LeashDenied} `LEASH_DENIED` with the reason code `obligation_failed` and the handler's error as cause.
 */
export async function fulfilBefore(
  handlers: ObligationHandlers,
  obligations: readonly Obligation[],
  context: ObligationContext,
): Promise<void> {
  for (const obligation of obligations) {
    if (obligation.at !== "before") continue;
    try {
      await handlerOf(handlers, obligation)(obligation, context);
    } catch (cause) {
      throw new LeashDenied({
        reasonCode: "obligation_failed",
        reason: `The obligation ${JSON.stringify(obligation.type)} could not be fulfilled, so the call did not start.`,
        approvalId: context.permit.approvalId,
        cause,
      });
    }
  }
}

/** Fulfils what must be done after the run; the types of those that failed. What has run cannot be taken back. */
export async function fulfilAfter(
  handlers: ObligationHandlers,
  obligations: readonly Obligation[],
  context: ObligationContext,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const obligation of obligations) {
    if (obligation.at !== "after") continue;
    try {
      await handlerOf(handlers, obligation)(obligation, context);
    } catch {
      failed.push(obligation.type);
    }
  }
  return failed;
}

/** A decision with an obligation that nobody handles is a denial; that its handler is gone by now is an error like any other. */
function handlerOf(handlers: ObligationHandlers, { type }: Obligation): ObligationHandler {
  const handler = handlers.get(type);
  if (handler === undefined) throw new Error("no handler");
  return handler;
}
