import { AsyncLocalStorage } from "node:async_hooks";
import { unsupported } from "./kinds.ts";
import type { CallableTool } from "./kinds.ts";
import { GUARDED_BY, rememberDescription, type Mark } from "./marks.ts";
import type { Guard, Work } from "./proxy.ts";

/** Tools whose work is under way: what they call on themselves belongs to the call that was decided. */
const working = new AsyncLocalStorage<readonly object[]>();

/**
 * Guards the instance itself, for classes whose methods use `#private` members and so cannot work through a view.
 * @throws {LeashError} `LEASH_TOOL_UNSUPPORTED` when the instance cannot be changed.
 */
export function patchTool<T extends CallableTool>(tool: T, mark: Mark, guard: Guard): T {
  const own = tool as unknown as Record<string, unknown>;
  try {
    for (const key of ["_call", "func"]) {
      const work = own[key];
      if (typeof work === "function") define(tool, key, once(tool, work as Work, guard));
    }
    markInstance(tool, mark);
  } catch (cause) {
    throw unsupported(JSON.stringify(tool.name), "its instance cannot be changed", cause);
  }
  return tool;
}

/** Marks the instance itself as guarded, also for callback handlers, which are handed its description only. */
export function markInstance(tool: object, mark: Mark): void {
  const describe: unknown = (tool as { readonly toJSON?: unknown }).toJSON;
  if (typeof describe === "function") {
    define(tool, "toJSON", () => remembered(Reflect.apply(describe, tool, []), mark));
  }
  Object.defineProperty(tool, GUARDED_BY, { value: mark });
}

function once(tool: object, work: Work, guard: Guard): Work {
  const bare: Work = (...args) => {
    const outer = working.getStore() ?? [];
    return working.run([...outer, tool], (): unknown => Reflect.apply(work, tool, args));
  };
  const guarded = guard(bare);
  return (...args) => ((working.getStore() ?? []).includes(tool) ? Reflect.apply(work, tool, args) : guarded(...args));
}

function define(tool: object, key: string, value: unknown): void {
  Object.defineProperty(tool, key, { value, writable: true, configurable: true, enumerable: Object.hasOwn(tool, key) });
}

function remembered(description: unknown, mark: Mark): unknown {
  rememberDescription(description, mark);
  return description;
}
