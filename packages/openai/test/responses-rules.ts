import { mismatch } from "./chat-rules.ts";
import type { Item } from "./rendering.ts";

/** Which output answers which call, and by which of its members. */
const ANSWERS: readonly (readonly [call: string, idOfCall: string, output: string, idOfOutput: string])[] = [
  ["function_call", "call_id", "function_call_output", "call_id"],
  ["custom_tool_call", "call_id", "custom_tool_call_output", "call_id"],
  ["shell_call", "call_id", "shell_call_output", "call_id"],
  ["apply_patch_call", "call_id", "apply_patch_call_output", "call_id"],
  ["computer_call", "call_id", "computer_call_output", "call_id"],
  ["local_shell_call", "call_id", "local_shell_call_output", "id"],
  ["mcp_approval_request", "id", "mcp_approval_response", "approval_request_id"],
];

/** What the API would say of the input: every call in it, or in the response that it goes on from, is answered exactly once. */
export function responsesProblem(
  body: Readonly<Record<string, unknown>>,
  given: ReadonlyMap<string, readonly Item[]>,
): string | undefined {
  const input = Array.isArray(body["input"]) ? (body["input"] as readonly Item[]) : [];
  const items = [...(given.get(String(body["previous_response_id"])) ?? []), ...input];
  for (const [call, idOfCall, output, idOfOutput] of ANSWERS) {
    const asked = items.filter(({ type }) => type === call);
    const answered = items.filter(({ type }) => type === output);
    const problem =
      mismatch(
        asked.map((item) => item[idOfCall]),
        answered.map((item) => item[idOfOutput]),
      ) ?? callerProblem(asked, answered);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** An output repeats where its call was made from. */
function callerProblem(asked: readonly Item[], answered: readonly Item[]): string | undefined {
  const callers = new Map(asked.map((item) => [item["call_id"], JSON.stringify(item["caller"])]));
  const wrong = answered.find(
    (item) => item["call_id"] !== undefined && callers.get(item["call_id"]) !== JSON.stringify(item["caller"]),
  );
  return wrong === undefined
    ? undefined
    : `The output of ${String(wrong["call_id"])} does not state the caller of its call.`;
}
