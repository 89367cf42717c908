import { LeashDenied } from "../errors.ts";
import { readResult } from "../journal/results.ts";
import type { Gate, GuardOptions, Run } from "../model/leash.ts";
import { authorization, observedAuthorization } from "./authorization.ts";
import { admitCall, type Admission } from "./authorize.ts";
import { admitDeferred, deferred } from "./collect.ts";
import { inForce, pin, type Scope } from "./context.ts";
import { look, observe } from "./observe.ts";
import { outcomeOf } from "./outcome.ts";
import { runGrant } from "./run.ts";

/** The narrow face of a scope: what adapters and tools get. */
export function createGate(scope: Scope): Gate {
  const { context, principal } = scope;
  const gate: Gate = {
    get mode() {
      return inForce(scope).mode;
    },
    principal,
    register: (tool) => context.registry.register(tool),
    decide: async (call) => (await look(scope, call)).decision,
    async authorize(call, options = {}) {
      const now = pin(scope);
      if (isObserving(now)) return observedAuthorization(now, call, options);
      // The program sees which tool it was given leave for.
      const swapping = { ...options, swap: true } as const;
      const admission = await admitCall(scope, call, swapping);
      if (admission.kind === "done") throw alreadyRan(admission);
      return authorization(scope, admission.grant, swapping);
    },
    async guard(call, run, options = {}) {
      const now = pin(scope);
      if (isObserving(now)) return observe(now, call, run, options);
      return finish(scope, await admitCall(scope, call, options), run, options);
    },
    deferred: (ref, options) => deferred(scope, ref, options),
    async collect(ref, run, options = {}) {
      return finish(scope, await admitDeferred(scope, ref, options), run, options);
    },
    attempt: (call, run, options) => outcomeOf(run, options, (watched) => gate.guard(call, watched, options)),
    attemptDeferred: (ref, run, options) => outcomeOf(run, options, (watched) => gate.collect(ref, watched, options)),
  };
  return gate;
}

/** A call that begins under observe is observed to its end; one that begins under enforce stays with the policy of each moment. */
function isObserving(scope: Scope): boolean {
  return inForce(scope).mode === "observe";
}

async function finish<T>(scope: Scope, admission: Admission, run: Run<T>, options: GuardOptions<T>): Promise<T> {
  if (admission.kind === "granted") return runGrant(scope, admission.grant, run, options);
  const recorded = await readResult(
    scope.context.store,
    admission.proposal.journalId,
    admission.entry.outputRef,
    options.codec,
  );
  if (recorded === undefined) throw alreadyRan(admission);
  return recorded.result;
}

function alreadyRan({ entry }: Extract<Admission, { kind: "done" }>): LeashDenied {
  return new LeashDenied({
    reasonCode: "already_executed",
    reason: "This very call ran before, and there is no result to hand out. It was not repeated.",
    approvalId: entry.approvalId,
  });
}
