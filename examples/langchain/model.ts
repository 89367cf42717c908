import { AIMessage, fakeModel } from "langchain";

/** Stands in for a real model, so that the example runs without a key. */
export const model = fakeModel()
  .respondWithTools([{ name: "look_up_order", args: { order: "A-17" }, id: "call_1" }])
  .respondWithTools([{ name: "refund", args: { order: "A-17", amount_minor: 8000 }, id: "call_2" }])
  .respondWithTools([{ name: "refund", args: { order: "A-17", amount_minor: 9_999_900 }, id: "call_3" }])
  .respond((messages) => new AIMessage(messages.at(-1)?.text ?? ""));
