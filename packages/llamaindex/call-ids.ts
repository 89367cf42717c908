import { Settings } from "@llamaindex/core/global";
import { isReference } from "./objects.ts";

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
  manager.on("llm-tool-call", ({ detail }) => remember(detail));
}

/** Anyone may dispatch such an event, and what a listener throws ends the process. */
function remember({
  toolCall,
}: {
  readonly toolCall?: { readonly id?: unknown; readonly input?: unknown } | null;
}): void {
  const { id, input } = toolCall ?? {};
  if (isReference(input)) ids.set(input, typeof id === "string" ? id : "");
}

/**
 * The id of the model's call that brought these arguments, once: empty for a call that has none, undefined where a program made
 * the call. To be asked before anything else is awaited: the callbacks come one microtask after the call.
 */
export async function takeCallId(input: unknown): Promise<string | undefined> {
  watchCallIds();
  await Promise.resolve();
  if (!isReference(input)) return undefined;
  const id = ids.get(input);
  ids.delete(input);
  return id;
}
