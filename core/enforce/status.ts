import type { Deferred, GuardOptions, Gate, Run } from "../model/gate.ts";
import { refusalText } from "./refusals.ts";

/** The other half of `pause: "defer"`: a tool with which a model asks what became of a call. The same in every adapter. */
export const STATUS_TOOL = {
  name: "leash_status",
  description:
    "Tells what became of a tool call that waits for a person, by the reference you were given, and returns its result once there is one.",
  parameters: {
    type: "object",
    properties: { ref: { type: "string", description: "The reference you were given, such as K7Q2." } },
    required: ["ref"],
    additionalProperties: false,
  },
} as const;

/** What the status tool answers: words for the model, or the result of the one execution. */
export type DeferredStatus =
  | { readonly kind: "told"; readonly text: string }
  /** `notice` as in an outcome: what was changed before the call ran. */
  | { readonly kind: "result"; readonly result: unknown; readonly notice?: string };

/**
 * What became of a deferred call of this very principal. An approved one runs now, once, with the bytes that were approved;
 * asking again gives the recorded result. It can neither give nor change an approval.
 *
 * @param ref what the model says it was given.
 * @param runOf the bare work of a tool by its registered name; undefined for one the adapter does not know.
 * @param options as for `gate.attemptDeferred`; here `pause` is `defer` by default.
 * @throws what the tool throws.
 * @example
 * const status = await deferredStatus(gate, ref, (tool) => works.get(tool));
 * return status.kind === "told" ? status.text : status.result;
 */
export async function deferredStatus(
  gate: Gate,
  ref: unknown,
  runOf: (tool: string) => Run<unknown> | undefined,
  options: GuardOptions<unknown> = {},
): Promise<DeferredStatus> {
  const name = typeof ref === "string" ? ref : "";
  let deferred: Deferred | undefined;
  try {
    deferred = await gate.deferred(name);
  } catch (error) {
    const text = refusalText(error);
    if (text === undefined) throw error;
    return told(text);
  }
  if (deferred === undefined) return told("No call of yours waits under this reference.");
  if (deferred.status === "pending") {
    return told("Still waiting for a person. The call has not run. Go on with other work.");
  }
  const run = runOf(deferred.tool);
  if (run === undefined) return told("The tool of this call is not available here.");
  const outcome = await gate.attemptDeferred(name, run, { pause: "defer", ...options });
  if (outcome.kind === "failed") throw outcome.error;
  return outcome.kind === "result" ? outcome : told(outcome.text);
}

function told(text: string): DeferredStatus {
  return { kind: "told", text };
}
