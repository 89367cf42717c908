import { LeashDenied } from "../errors.ts";
import { readResult } from "../journal/results.ts";
import type { Gate, GuardOptions, Run } from "../model/leash.ts";
import type { Authorization } from "../model/permit.ts";
import { admitCall, type Admission } from "./authorize.ts";
import { admitDeferred, deferred } from "./collect.ts";
import type { Scope } from "./context.ts";
import { look, observe, observedPermit, runObserved } from "./observe.ts";
import { permitOf, runGrant, sealedCopy, usedPermit } from "./run.ts";

/** The narrow face of a scope: what adapters and tools get. */
export function createGate(scope: Scope): Gate {
  const { context, principal } = scope;
  const observing = context.mode === "observe";
  return {
    mode: context.mode,
    principal,
    register: (tool) => context.registry.register(tool),
    decide: async (call) => look(scope, call).decision,
    async authorize(call, options = {}) {
      if (observing) {
        const permit = await observedPermit(scope, call, options);
        return once({ ...permit, input: call.input as Authorization["input"] }, (run) =>
          runObserved(scope, call, permit, run, options),
        );
      }
      const admission = await admitCall(scope, call, options);
      if (admission.kind === "done") throw alreadyRan(admission.entry.approvalId);
      const { grant } = admission;
      const permit = permitOf(grant, options.signal ?? new AbortController().signal);
      return once({ ...permit, input: sealedCopy(scope, grant) }, (run) => runGrant(scope, grant, run, options));
    },
    async guard(call, run, options = {}) {
      if (observing) return observe(scope, call, run, options);
      return finish(scope, await admitCall(scope, call, options), run, options);
    },
    deferred: (ref, options) => deferred(scope, ref, options),
    async collect(ref, run, options = {}) {
      return finish(scope, await admitDeferred(scope, ref, options), run, options);
    },
  };
}

async function finish<T>(scope: Scope, admission: Admission, run: Run<T>, options: GuardOptions<T>): Promise<T> {
  if (admission.kind === "granted") return runGrant(scope, admission.grant, run, options);
  const recorded = await readResult(scope.context.store, admission.proposal.journalId, options.codec);
  if (recorded === undefined) throw alreadyRan(admission.entry.approvalId);
  return recorded.result;
}

/** Adds the one use to a permit. */
function once(
  permit: Omit<Authorization, "run">,
  start: <T>(run: Run<T>) => Promise<T>,
): Authorization {
  let used = false;
  return Object.freeze({
    ...permit,
    async run<T>(run: Run<T>) {
      if (used) throw usedPermit(permit.approvalId);
      used = true;
      return start(run);
    },
  });
}

function alreadyRan(approvalId: string | null): LeashDenied {
  return new LeashDenied({
    reasonCode: "already_executed",
    reason: "This very call ran before and its result was not kept. It was not repeated.",
    approvalId,
  });
}
