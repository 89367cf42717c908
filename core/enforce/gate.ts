import { readResult } from "../journal/results.ts";
import type { ToolCall } from "../model/call.ts";
import type { Gate, GuardOptions, Run } from "../model/gate.ts";
import { authorization, observedAuthorization } from "./authorization.ts";
import { admitCall, type Admission } from "./authorize.ts";
import { admitDeferred, deferred } from "./collect.ts";
import { inForce, pin, type Scope } from "./context.ts";
import { look, observe } from "./observe.ts";
import { outcomeOf, type Ran } from "./outcome.ts";
import { alreadyRan } from "./refusals.ts";
import { isSuspension, runGrant } from "./run.ts";
import { reportUnguarded } from "./unguarded.ts";
import { WATCH, type WatchedOptions, watching } from "./watched.ts";

/** The narrow face of a scope: what adapters and tools get. */
export function createGate(scope: Scope): Gate {
  const { context, principal } = scope;
  return {
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
      if (admission.kind === "done") throw alreadyRan(admission.entry.approvalId);
      return authorization(scope, admission.grant, swapping);
    },
    reportUnguarded: (tool, options) => reportUnguarded(scope, tool, options),
    guard: async (call, run, options) => (await guarded(scope, call, run, options)).result,
    deferred: (ref, options) => deferred(scope, ref, options),
    collect: async (ref, run, options) => (await collected(scope, ref, run, options)).result,
    attempt: (call, run, options) => outcomeOf(run, options, (watched) => guarded(scope, call, watched, options)),
    attemptDeferred: (ref, run, options) =>
      outcomeOf(run, options, (watched) => collected(scope, ref, watched, options)),
  };
}

function guarded<T>(scope: Scope, call: ToolCall, run: Run<T>, stated: GuardOptions<T> = {}): Promise<Ran<T>> {
  const { context, principal } = scope;
  if (context.telemetry === undefined) return unwatched(scope, call, run, stated);
  const tool = typeof call.tool === "string" ? context.registry.get(call.tool.normalize("NFC")) : undefined;
  const watch = context.telemetry.begin({ call, tool, principal }, stated);
  const traceId = stated.traceId ?? watch.traceId;
  const options = { ...stated, ...(traceId !== undefined && { traceId }), [WATCH]: watch };
  const suspends = (thrown: unknown): boolean => isSuspension(thrown, stated.suspends);
  return watching(watch, { run, suspends }, (told) => unwatched(scope, call, told, options));
}

async function unwatched<T>(scope: Scope, call: ToolCall, run: Run<T>, options: WatchedOptions<T>): Promise<Ran<T>> {
  const now = pin(scope);
  if (isObserving(now)) return { result: await observe(now, call, run, options), notice: null };
  return await finish(scope, await admitCall(scope, call, options), run, options);
}

async function collected<T>(scope: Scope, ref: string, run: Run<T>, options: GuardOptions<T> = {}): Promise<Ran<T>> {
  return finish(scope, await admitDeferred(scope, ref, options), run, options);
}

/** A call that begins under observe is observed to its end; one that begins under enforce stays with the policy of each moment. */
function isObserving(scope: Scope): boolean {
  return inForce(scope).mode === "observe";
}

async function finish<T>(scope: Scope, admission: Admission, run: Run<T>, options: GuardOptions<T>): Promise<Ran<T>> {
  if (admission.kind === "granted") {
    const { grant } = admission;
    return { result: await runGrant(scope, grant, run, options), notice: grant.entry.notice ?? null };
  }
  const recorded = await readResult(
    scope.context.store,
    admission.proposal.journalId,
    admission.entry.outputRef,
    options.codec,
  );
  if (recorded === undefined) throw alreadyRan(admission.entry.approvalId);
  return { result: recorded.result, notice: admission.entry.notice ?? null };
}
