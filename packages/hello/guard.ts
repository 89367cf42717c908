import { parseStrictJson, type ArgumentReader, type Gate, type Json, type ToolCall } from "@leashkit/core";
import { HelloPause, type HelloContext, type HelloTool } from "./framework.ts";
import type { PauseMode } from "./options.ts";

/** One tool behind one gate. */
export interface Guarded {
  readonly gate: Gate;
  /** The registered name. */
  readonly id: string;
  readonly bare: HelloTool;
  readonly read: ArgumentReader;
  readonly pause: PauseMode;
}

// #region guard
/** One call of a wrapped tool: proposed, decided, run once or refused. */
export async function guardCall(
  { gate, id, bare, read, pause }: Guarded,
  input: unknown,
  context: HelloContext | undefined,
): Promise<unknown> {
  const outcome = await gate.attempt(
    { tool: id, ...(await readInput(read, input, context)), ...identityOf(context) },
    (decided) => runBare(bare, decided, context),
    {
      adapter: "hello",
      pause,
      suspends: (thrown) => thrown instanceof HelloPause,
      ...(context?.signal !== undefined && { signal: context.signal }),
    },
  );
  if (outcome.kind === "result") return context === undefined ? outcome.result : forModel(outcome);
  if (outcome.kind === "failed" || outcome.kind === "aborted") throw outcome.error;
  if (outcome.kind === "pending" && pause === "suspend") throw new HelloPause(outcome.text);
  return outcome.text;
}
// #endregion

// #region notice
/** Where another form than the proposed one ran, a model is told so first. What a program gets stays as the tool gave it. */
export function forModel({ result, notice }: { readonly result: unknown; readonly notice?: string }): unknown {
  if (notice === undefined) return result;
  return `${notice}\n\n${typeof result === "string" ? result : JSON.stringify(result ?? null)}`;
}
// #endregion

// #region input
/** The model's own text is read, where there is any: what a lenient parser made of it may be something else. */
async function readInput(
  read: ArgumentReader,
  input: unknown,
  context: HelloContext | undefined,
): Promise<Pick<ToolCall, "input" | "problem">> {
  let raw = input;
  try {
    if (context !== undefined) raw = parseStrictJson(context.written);
  } catch {
    return { input: undefined, problem: "not a JSON object" };
  }
  const found = await read(raw);
  return found.ok ? { input: found.input } : { input: raw, problem: found.problem };
}
// #endregion

// #region identity
/** A turn keeps its id when it is resumed, so the same call is known again. A program's call is a new one each time. */
function identityOf(context: HelloContext | undefined): Pick<ToolCall, "callId" | "scope"> {
  return context === undefined ? {} : { callId: context.callId, scope: context.turnId };
}
// #endregion

// #region run
/** Nothing that reaches the tool may still hold what was proposed: only what was decided. */
async function runBare(bare: HelloTool, decided: Json, context: HelloContext | undefined): Promise<unknown> {
  return bare.execute(decided, context && { ...context, written: JSON.stringify(decided) });
}
// #endregion
