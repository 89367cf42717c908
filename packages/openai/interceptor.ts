import { randomUUID } from "node:crypto";
import { LeashError, readOptions, type Decision, type Gate, type Outcome } from "@leashkit/core";
import { toolOf, type Running } from "./attempt.ts";
import type { Call } from "./call.ts";
import { catalogueOf } from "./catalogue.ts";
import { encode } from "./encode.ts";
import { endingOf } from "./ending.ts";
import { normalise } from "./normalise.ts";
import { checkScope, settingsOf, type Handlers, type InterceptorOptions } from "./options.ts";
import type { Answer, AnswerTo } from "./outputs.ts";
import { planAgain, planOf } from "./plan.ts";
import { propose } from "./proposal.ts";
import { plain } from "./results.ts";
import { foreign, readSuspension, refuseMisrouted, type Suspension } from "./suspension.ts";
import { runTurn, type Turn } from "./turn.ts";

/** What a single `run` may state anew. */
export interface RunOptions {
  /** Beside the interceptor's own signal. */
  readonly signal?: AbortSignal;
  /** In place of the interceptor's own scope. */
  readonly scope?: string;
}

/** Stands between what a model asks for and the handlers that do it. */
export interface Interceptor {
  /**
   * Runs the calls of one answer of the model: `message.tool_calls` or `response.output` (items that are no calls are left
   * alone), or a suspension that an earlier `run` returned. Never throws a refusal: that is an output.
   *
   * @param handlers join those of the interceptor for this run.
   * @throws {LeashError} Before anything runs: `LEASH_CONFIG_INVALID` for wrong options and for a suspension that is damaged or
   * of another scope, session, agent or state; `LEASH_INPUT_INVALID` for an item that JSON cannot carry;
   * `LEASH_STORE_UNAVAILABLE` where a suspension cannot be looked up. Under `onToolError: "throw"`, what a handler threw.
   * @example
   * const { outputs, suspension } = await interceptor.run(message.tool_calls);
   * messages.push(message, ...outputs);
   */
  run<Item extends object>(
    items: readonly Item[] | null | undefined,
    handlers?: Handlers,
    options?: RunOptions,
  ): Promise<Turn<AnswerTo<Item>>>;
  run<Output extends Answer = Answer>(
    suspension: Suspension,
    handlers?: Handlers,
    options?: RunOptions,
  ): Promise<Turn<Output>>;
  run(
    source: readonly object[] | Suspension | null | undefined,
    handlers?: Handlers,
    options?: RunOptions,
  ): Promise<Turn>;
  /**
   * What the policy says of one call. Runs nothing and asks nobody.
   * @throws {LeashError} `LEASH_CONFIG_INVALID` for an item that is no call.
   * @example const { effect } = await interceptor.check(call);
   */
  check(item: object): Promise<Decision>;
  /**
   * The item that answers a call, for programs that run calls themselves. Undefined where the API has no form for the answer, or
   * the call no id.
   * @throws {LeashError} `LEASH_CONFIG_INVALID` for an item that is no call.
   * @example const output = interceptor.encode(call, { kind: "result", result: "sold" });
   */
  encode<Item extends object>(item: Item, outcome: Outcome<unknown>): AnswerTo<Item> | undefined;
  /**
   * Waits until every approval of a suspension is answered or expired; false where the signal aborted first.
   * @throws {LeashError} `LEASH_CONFIG_INVALID` for a suspension that is damaged, `LEASH_STORE_UNAVAILABLE` where it cannot be
   * looked up.
   * @example if (await interceptor.settled(suspension)) turn = await interceptor.run(suspension);
   */
  settled(suspension: Suspension, options?: { readonly signal?: AbortSignal }): Promise<boolean>;
}

/**
 * Puts a gate before the handlers of an OpenAI-style loop, for Chat Completions and Responses alike. Each call is parsed
 * strictly, decided by the policy, run once with exactly what was decided, and answered with exactly one output, in order.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for wrong options, tools without a name, or a name that is taken in this leash.
 * @example
 * const interceptor = createInterceptor(leash, { tools, handlers: { buy: ({ item }: { item: string }) => shop.buy(item) } });
 * const { outputs } = await interceptor.run(message.tool_calls);
 */
export function createInterceptor(gate: Gate, options?: InterceptorOptions): Interceptor {
  const settings = settingsOf(options);
  const catalogue = catalogueOf(gate, settings);
  const run = async (source: unknown, handlers: Handlers = {}, runOptions?: RunOptions): Promise<Turn> => {
    const { signal, scope } = readOptions<Stated>("run", runOptions, { signal: undefined, scope: undefined });
    checkScope(scope, "run");
    catalogue.add(handlers);
    const running: Running = {
      gate,
      settings,
      catalogue,
      handlers: { ...settings.handlers, ...handlers },
      signal: either(settings.signal, signal),
      scope: scope ?? settings.scope,
    };
    const items: unknown = source ?? [];
    if (!Array.isArray(items)) return resume(running, readSuspension(items));
    const random = settings.pause === "suspend" ? randomUUID() : undefined;
    return runTurn({ ...running, scope: running.scope ?? random }, planOf(items));
  };
  return {
    run,
    async check(item) {
      const call = callOf(item);
      return gate.decide(await propose(call, catalogue.find(call), undefined, settings));
    },
    encode: <Item extends object>(item: Item, outcome: Outcome<unknown>) => {
      const shown = outcome.kind === "result" ? { ...outcome, result: plain(outcome.result) } : outcome;
      return encode(callOf(item), endingOf(shown)) as AnswerTo<Item> | undefined;
    },
    settled: (suspension, waiting = {}) => settled(gate, readSuspension(suspension), waiting.signal),
  };
}

interface Stated {
  readonly signal: AbortSignal | undefined;
  readonly scope: string | undefined;
}

async function resume(running: Running, suspension: Suspension): Promise<Turn> {
  await refuseMisrouted(running.gate, suspension, { scope: running.scope, session: running.settings.session });
  const plan = planAgain(suspension.calls);
  // They were here when the turn was suspended. Without them, the model would be told of calls that ran that they did not.
  const missing = plan.find(({ call, failure }) => (failure ?? call.problem ?? toolOf(running, call)) === undefined);
  if (missing !== undefined) throw foreign(`there is no handler for ${JSON.stringify(missing.call.tool)} here`);
  return runTurn({ ...running, scope: suspension.scope }, plan);
}

function callOf(item: object): Call {
  const call = normalise(item);
  if (call !== undefined) return call;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    "The item is no call that a program answers: nothing can be decided or encoded for it. Pass calls only.",
  );
}

function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one === undefined || other === undefined ? (one ?? other) : AbortSignal.any([one, other]);
}

async function settled(gate: Gate, { refs }: Suspension, signal: AbortSignal | undefined): Promise<boolean> {
  const options = { settled: true, ...(signal !== undefined && { signal }) };
  const states = await Promise.all(refs.map((ref) => gate.deferred(ref, options)));
  return states.every((state) => state?.status !== "pending");
}
