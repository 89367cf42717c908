import { Settings } from "@llamaindex/core/global";

const ids = new WeakMap<object, string>();
const watched = new WeakSet<object>();

/**
 * Hears of the model's calls. LlamaIndex hands a tool its arguments without the call's id, but tells its callbacks of the very
 * same arguments object right after it called the tool. A manager that was never watched has told nobody: call this before.
 */
export function watchCallIds(): void {
  const manager = Settings.callbackManager;
  if (watched.has(manager)) return;
  watched.add(manager);
  manager.on("llm-tool-call", ({ detail: { toolCall } }) => {
    const input: unknown = toolCall.input;
    if (isObject(input) && typeof toolCall.id === "string" && toolCall.id !== "") ids.set(input, toolCall.id);
  });
}

/**
 * The id of the model's call that brought these arguments, once; undefined where a program made the call. To be asked before
 * anything else is awaited: the callbacks come one microtask after the call.
 */
export async function takeCallId(input: unknown): Promise<string | undefined> {
  watchCallIds();
  await Promise.resolve();
  if (!isObject(input)) return undefined;
  const id = ids.get(input);
  ids.delete(input);
  return id;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
