import { AIMessage, type BaseMessage, fakeModel, ToolMessage } from "langchain";

/** What the scripted model does next, given the conversation so far. */
export type Turn = (messages: readonly BaseMessage[]) => Said;

/** Words, or a call of one tool. */
export type Said = string | { readonly tool: string; readonly args: Readonly<Record<string, unknown>> };

/**
 * A model that follows a script. Which turn is next is read from the conversation alone, so a process that starts again from
 * a checkpoint goes on where the last one was killed.
 */
export function scriptedModel(turns: readonly Turn[]) {
  const model = fakeModel();
  const next = (messages: readonly BaseMessage[]): AIMessage => {
    const number = messages.filter((message) => AIMessage.isInstance(message)).length;
    const turn = turns[number];
    if (turn === undefined) throw new Error(`The script has no turn ${number}.`);
    const said = turn(messages);
    if (typeof said === "string") return new AIMessage(said);
    return new AIMessage({
      content: "",
      tool_calls: [{ type: "tool_call", id: `call_${number}`, name: said.tool, args: said.args }],
    });
  };
  for (const _ of turns) model.respond(next);
  return model;
}

/** What the last tool call came to, as the model reads it. */
export function lastResult(messages: readonly BaseMessage[]): { readonly text: string; readonly refused: boolean } {
  const last = messages.findLast((message) => ToolMessage.isInstance(message));
  return { text: last?.text ?? "", refused: last?.status === "error" };
}
