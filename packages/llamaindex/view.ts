/** What a view puts in the place of the tool's own. */
export interface Replacements {
  readonly call: (input: unknown) => unknown;
  /** Turns what the tool's `bind` returned into something guarded. */
  readonly rebound: (bound: unknown) => unknown;
}

/**
 * A view of the tool on which everything is the tool's own, except `call` and `bind`, however they are read. Members are read
 * from the tool itself, so that its private ones are reached; the gate cannot be assigned away.
 */
export function guardedView<T extends object>(tool: T, { call, rebound }: Replacements): T {
  const own: unknown = Reflect.get(tool, "bind");
  const bind =
    typeof own === "function" ? (...args: unknown[]) => rebound(Reflect.apply(own, tool, args) as unknown) : undefined;
  const replacements = new Map<PropertyKey, unknown>([["call", call], ...(bind ? [["bind", bind] as const] : [])]);
  return new Proxy(tool, {
    get: (target, key) => (replacements.has(key) ? replacements.get(key) : Reflect.get(target, key, target)),
    set: (target, key, value) => !replacements.has(key) && Reflect.set(target, key, value, target),
    defineProperty: (target, key, descriptor) =>
      !replacements.has(key) && Reflect.defineProperty(target, key, descriptor),
    deleteProperty: (target, key) => !replacements.has(key) && Reflect.deleteProperty(target, key),
    getOwnPropertyDescriptor(target, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
      if (descriptor === undefined || !replacements.has(key)) return descriptor;
      return {
        value: replacements.get(key),
        writable: true,
        enumerable: descriptor.enumerable ?? true,
        configurable: true,
      };
    },
  });
}
