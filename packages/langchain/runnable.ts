import {
  RunnableBinding,
  RunnableLambda,
  RunnableSequence,
  RunnableToolLike,
  type Runnable,
} from "@langchain/core/runnables";
import { nameOf, unsupported } from "./kinds.ts";
import { GUARDED_BY, type Mark } from "./marks.ts";
import type { Work } from "./proxy.ts";

/** The runnable that does the work: the last step behind the input parser that `RunnableToolLike` puts before it. */
export function workOf(tool: RunnableToolLike): Runnable {
  const binding: unknown = tool.bound;
  const sequence: unknown = RunnableBinding.isRunnableBinding(binding) ? binding.bound : binding;
  if (!RunnableSequence.isRunnableSequence(sequence)) {
    throw unsupported(nameOf(tool), "its steps are not laid out as this version of LangChain lays them out");
  }
  const last = sequence.steps.at(-1);
  if (last === undefined) throw unsupported(nameOf(tool), "it has no step to guard");
  return last;
}

/** The same tool built anew around guarded work: it has no `_call` that a guard could stand before. */
export function rebuildRunnableTool(tool: RunnableToolLike, mark: Mark, guarded: Work): RunnableToolLike {
  const { name, description, schema, config: settings } = tool;
  const rebuilt = new RunnableToolLike({
    name,
    schema,
    config: settings,
    ...(description !== undefined && { description }),
    bound: RunnableLambda.from(async (input: unknown, config: unknown) => guarded(input, undefined, config)),
  });
  Object.defineProperty(rebuilt, GUARDED_BY, { value: mark });
  return rebuilt;
}
