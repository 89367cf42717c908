import type { CallableTool } from "./kinds.ts";
import { GUARDED_BY, rememberDescription, type Mark } from "./marks.ts";

export type Work = (input: unknown, runManager?: unknown, config?: unknown) => unknown;

/** Puts the guard before a piece of the tool's work. */
export type Guard = (work: Work) => Work;

/**
 * A view of the tool on which everything is the tool's own, except that its two ways to do its work, `_call` and `func`, lead
 * through the guard, however they are read (also spread, copied or through the constructor's arguments). The work itself runs on
 * the tool and not on this view, so that it meets the guard once.
 */
export function guardedView<T extends CallableTool>(tool: T, mark: Mark, guard: Guard): T {
  const guarded = new WeakMap<Work, Work>();
  const replace = (key: PropertyKey, value: unknown): unknown => {
    if ((key === "_call" || key === "func") && typeof value === "function") {
      const work = value as Work;
      const known = guarded.get(work) ?? guard((...args) => Reflect.apply(work, tool, args));
      guarded.set(work, known);
      return known;
    }
    if (key === "lc_kwargs") return withGuardedFunc(value, replace);
    if (key === "toJSON") return describing(tool, value, mark);
    if (key === "implement") return implementing(tool, value, () => view);
    return value;
  };
  const view: T = new Proxy(tool, {
    get: (target, key, receiver) => (key === GUARDED_BY ? mark : replace(key, Reflect.get(target, key, receiver))),
    getOwnPropertyDescriptor(target, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
      return descriptor && "value" in descriptor
        ? { ...descriptor, value: replace(key, descriptor.value) }
        : descriptor;
    },
  });
  return view;
}

/** LangChain keeps the constructor's arguments on the instance, the bare function among them. */
function withGuardedFunc(value: unknown, replace: (key: PropertyKey, value: unknown) => unknown): unknown {
  if (typeof value !== "object" || value === null || !("func" in value)) return value;
  return { ...value, func: replace("func", value.func) };
}

/** Callback handlers get a tool's description only; remembering it lets them tell this tool from a bare one. */
function describing(tool: object, value: unknown, mark: Mark): unknown {
  if (typeof value !== "function") return value;
  return (): unknown => {
    const description: unknown = Reflect.apply(value, tool, []);
    rememberDescription(description, mark);
    return description;
  };
}

/** A headless tool's `implement()` hands out the tool itself again. */
function implementing(tool: object, value: unknown, view: () => object): unknown {
  if (typeof value !== "function") return value;
  return (...args: unknown[]): unknown => {
    const implementation: unknown = Reflect.apply(value, tool, args);
    return typeof implementation === "object" && implementation !== null && "tool" in implementation
      ? { ...implementation, tool: view() }
      : implementation;
  };
}
