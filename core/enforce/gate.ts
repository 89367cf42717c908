import { LeashDenied } from "../errors.ts";
import { readResult } from "../journal/results.ts";
import type { Gate, GuardOptions, Run } from "../model/leash.ts";
import { authorization, observedAuthorization } from "./authorization.ts";
import { admitCall, type Admission } from "./authorize.ts";
import { admitDeferred, deferred } from "./collect.ts";
import type { Scope } from "./context.ts";
import { look, observe } from "./observe.ts";
import { outcomeOf } from "./outcome.ts";
import { runGrant } from "./run.ts";

/** The narrow face of a scope: what adapters and tools get. */
export function createGate(scope: Scope): Gate {
  const { context, principal } = scope;
  const observing = context.mode === "observe";
  const gate: Gate = {
    mode: context.mode,
    principal,
    register: (tool) => context.registry.register(tool),
    decide: async (call) => look(scope, call).decision,
    async authorize(call, options = {}) {
      if (observing) return observedAuthorization(scope, call, options);
      // The program sees which tool it was given leave for.
      const swapping = { ...options, swap: true } as const;
      const admission = await admitCall(scope, call, swapping);
      if (admission.kind === "done") throw alreadyRan(admission);
      return authorization(scope, admission.grant, swapping);
    },
    async guard(call, run, options = {}) {
      if (observing) return observe(scope, call, run, options);
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
