import { canonicalText, refusalText, type Gate, type Outcome, type Run } from "@leashkit/core";
import { withNotice } from "./ending.ts";
import { CUT_SHORT, isWhole } from "./finish-reason.ts";
import { isObject, own, text } from "./members.ts";
import { parsedArguments, textArguments } from "./runner-arguments.ts";

/** One tool behind one gate. */
export interface Guarded {
  readonly id: string;
  readonly gate: Gate;
  readonly session: string | undefined;
  readonly schema: unknown;
  /** True where the runner calls the tool's `parse` first. */
  readonly parses: boolean;
}

/** A tool's function as the runner calls it: with the arguments, itself, and a context that newer clients have. */
type RunnerFunction = (args: unknown, runner?: unknown, ...context: readonly unknown[]) => Promise<unknown>;

/**
 * The tool's function behind its gate.
 * @param owner what the function is a method of.
 */
export function gatedFunction(guarded: Guarded, work: Function, owner: object): RunnerFunction {
  const read = guarded.parses ? parsedArguments : textArguments(guarded.schema);
  return async (args, runner, ...context) => {
    const { input, problem } = await read(args);
    const fault = problem ?? faultOfAnswer(runner);
    const run: Run<unknown> = (sealed, permit) => {
      const decided = guarded.parses ? sealed : canonicalText(sealed);
      // In observe mode nothing is rewritten: `sealed` is the input as it was, and a text is the text as it was.
      const given = permit.mode === "observe" && !guarded.parses ? args : decided;
      return Reflect.apply(work, owner, [given, runner, ...context]) as unknown;
    };
    const controller = own(runner, "controller");
    const outcome = await guarded.gate.attempt(
      {
        tool: guarded.id,
        input,
        ...(guarded.session !== undefined && { session: guarded.session }),
        ...(fault !== undefined && { problem: fault }),
      },
      run,
      { pause: "hold", adapter: "openai", ...(controller instanceof AbortController && { signal: controller.signal }) },
    );
    return resultOf(outcome, runner);
  };
}

/** A refusal has to be a result: the runner ends with everything that is thrown. */
function resultOf(outcome: Outcome<unknown>, runner: unknown): unknown {
  // Without a runner it is a program that called, and no model reads the result.
  if (outcome.kind === "result") return runner === undefined ? outcome.result : forModel(outcome);
  if (outcome.kind !== "failed") return outcome.text;
  const refusal = refusalText(outcome.error);
  if (refusal === undefined) throw outcome.error;
  return refusal;
}

/** What was changed before the call ran comes in front of what the runner would make of the result. */
function forModel({ result, notice }: { readonly result: unknown; readonly notice?: string }): unknown {
  if (notice === undefined) return result;
  const isText = typeof result === "string" || result === undefined;
  return withNotice(isText ? String(result) : JSON.stringify(result), notice);
}

/** What the runner shows of the answer whose calls it runs. */
function faultOfAnswer(runner: unknown): string | undefined {
  return cutShort(runner) ? CUT_SHORT : faultOfIds(runner);
}

/** Clients before version 7 run the calls of a streamed answer that was cut short. */
function cutShort(runner: unknown): boolean {
  const completions: unknown = isRunner(runner) ? runner.allChatCompletions() : undefined;
  const choices = own(Array.isArray(completions) ? completions.at(-1) : undefined, "choices");
  const reason = own(Array.isArray(choices) ? choices[0] : undefined, "finish_reason") ?? undefined;
  return reason !== undefined && !isWhole(reason);
}

function isRunner(value: unknown): value is { allChatCompletions(): unknown } {
  return isObject(value) && typeof value["allChatCompletions"] === "function";
}

/** The runner does not say which call it runs: where two have one id it could be either, and their answers are mixed up. */
function faultOfIds(runner: unknown): string | undefined {
  const messages = own(runner, "messages");
  const answer: unknown = Array.isArray(messages)
    ? messages.findLast((message) => own(message, "role") === "assistant")
    : undefined;
  const calls = own(answer, "tool_calls");
  if (!Array.isArray(calls)) return undefined;
  const ids = calls.map((call) => text(own(call, "id")));
  if (ids.includes(undefined)) return "a call of the answer has no id";
  return new Set(ids).size < ids.length ? "two calls of the answer have one id" : undefined;
}
