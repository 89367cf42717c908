import { isLeashError, refusalText, type Outcome } from "@leashkit/core";

/** How a call ended, as far as the model is told. */
export type Ending =
  /** `notice`: what was changed before the call ran. */
  | { readonly kind: "result"; readonly result: unknown; readonly notice?: string }
  /** Nothing ran. */
  | { readonly kind: "refused"; readonly text: string }
  | { readonly kind: "failed"; readonly text: string };

export function endingOf(outcome: Outcome<unknown>): Ending {
  if (outcome.kind === "result") return outcome;
  if (outcome.kind === "failed") return { kind: "failed", text: failureText(outcome.error) };
  return { kind: "refused", text: outcome.text };
}

/** What the model reads of a call that was changed before it ran: that first, then what the tool said. */
export function withNotice(text: string, notice: string | undefined): string {
  return notice === undefined ? text : `${notice}\n\n${text}`;
}

/** What the model reads of a failure whose words are not for it. */
export const TOOL_FAILED = "Error: the tool failed.";

/** A tool's own words are its own business; the reasons of a gate that it met inside are not for the model. */
function failureText(error: unknown): string {
  if (isLeashError(error)) return refusalText(error) ?? TOOL_FAILED;
  if (error instanceof Error) return `Error: ${error.message}`;
  return typeof error === "string" ? `Error: ${error}` : TOOL_FAILED;
}
