import { AIMessage, fakeModel } from "langchain";

export interface ScriptedCall {
  readonly name: string;
  readonly args: Record<string, unknown>;
}

/** Stands in for a real model: makes one call after the other, then repeats the last thing it was told. */
export function scriptedModel(calls: readonly ScriptedCall[]): ReturnType<typeof fakeModel> {
  const model = fakeModel();
  for (const [index, call] of calls.entries()) model.respondWithTools([{ ...call, id: `call_${index}` }]);
  return model.respond((messages) => new AIMessage(messages.at(-1)?.text ?? ""));
}
