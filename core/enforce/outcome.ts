import { isLeashError } from "../errors.ts";
import type { GuardOptions, Outcome, PendingError, Run } from "../model/gate.ts";
import { refusalText } from "./refusals.ts";
import { isSuspension } from "./run.ts";

/** What a run gave, and what the model is told where another form than the proposed one ran. */
export interface Ran<T> {
  readonly result: T;
  readonly notice: string | null;
}

/**
 * Tells how a guarded call ended. What the tool itself threw is told from what the gate threw by where it was thrown, not by
 * its type: a tool may make guarded calls of its own.
 * @throws what a framework's pause threw, and errors that are no refusals: mistakes of the program.
 */
export async function outcomeOf<T>(
  run: Run<T>,
  options: GuardOptions<T> | undefined,
  guard: (watched: Run<T>) => Promise<Ran<T>>,
): Promise<Outcome<T>> {
  const thrown: unknown[] = [];
  const watched: Run<T> = async (input, permit) => {
    try {
      return await run(input, permit);
    } catch (error) {
      thrown.push(error);
      throw error;
    }
  };
  try {
    const { notice, result } = await guard(watched);
    return { kind: "result", result, ...(notice !== null && { notice }) };
  } catch (error) {
    if (!thrown.includes(error)) return refusalOf(error);
    if (isSuspension(error, options?.suspends)) throw error;
    return { kind: "failed", error };
  }
}

function refusalOf(error: unknown): Exclude<Outcome<never>, { kind: "result" | "failed" }> {
  const text = refusalText(error);
  if (text === undefined || !isLeashError(error)) throw error;
  if (isLeashError(error, "LEASH_PENDING")) return { kind: "pending", text, error: error as unknown as PendingError };
  return { kind: error.code === "LEASH_ABORTED" ? "aborted" : "refused", text, error };
}
