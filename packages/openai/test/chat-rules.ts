type Message = Readonly<Record<string, unknown>>;

/** What the API would say of the conversation: every call is answered exactly once, right behind the message that made it. */
export function chatProblem(body: Readonly<Record<string, unknown>>): string | undefined {
  const messages = (body["messages"] ?? []) as readonly Message[];
  for (const [index, message] of messages.entries()) {
    const answers = answersBehind(messages, index);
    if (
      message["role"] === "tool" &&
      !(messages[index - 1]?.["role"] === "tool" || callsOf(messages[index - 1]).length > 0)
    ) {
      return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.";
    }
    const problem = message["role"] === "assistant" ? answerProblem(callsOf(message), answers) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function callsOf(message: Message | undefined): readonly Message[] {
  return (message?.["tool_calls"] ?? []) as readonly Message[];
}

function answersBehind(messages: readonly Message[], index: number): readonly Message[] {
  const rest = messages.slice(index + 1);
  const end = rest.findIndex((message) => message["role"] !== "tool");
  return end === -1 ? rest : rest.slice(0, end);
}

function answerProblem(calls: readonly Message[], answers: readonly Message[]): string | undefined {
  if (answers.some(({ content }) => typeof content !== "string" && !Array.isArray(content))) {
    return "Invalid value for 'content': expected a string or a list of parts.";
  }
  const asked = calls.map(({ id }) => id);
  if (asked.some((id) => typeof id !== "string" || id === "")) return "Missing required parameter: 'tool_calls[].id'.";
  return mismatch(
    asked,
    answers.map(({ tool_call_id }) => tool_call_id),
  );
}

/** Each id as often in the one list as in the other. */
export function mismatch(asked: readonly unknown[], answered: readonly unknown[]): string | undefined {
  const open = [...asked];
  for (const id of answered) {
    const at = open.indexOf(id);
    if (at === -1) return `There is no call for the output with the id ${String(id)}, or it was answered before.`;
    open.splice(at, 1);
  }
  return open.length === 0
    ? undefined
    : `No tool output found for the call with the id ${open.map(String).join(", ")}.`;
}
