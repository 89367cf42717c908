/** Why no call of an answer runs that the provider did not bring to its end. */
export const CUT_SHORT = "the answer was cut short";

/** Some servers say `stop` where they made calls. */
const WHOLE: ReadonlySet<unknown> = new Set(["tool_calls", "stop", "function_call"]);

/** Whether a `finish_reason` of Chat Completions says that the answer is whole. */
export function isWhole(reason: unknown): boolean {
  return WHOLE.has(reason);
}
