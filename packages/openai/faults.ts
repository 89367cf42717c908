const faults = new WeakMap<object, string>();

/**
 * Notes what is wrong with an item that cannot be seen from the item alone, such as a stream that broke off. The note belongs
 * to this very object; a copy does not carry it.
 */
export function markFault<T extends object>(item: T, problem: string): T {
  if (!faults.has(item)) faults.set(item, problem);
  return item;
}

/** What was noted with `markFault`. */
export function faultOf(item: object): string | undefined {
  return faults.get(item);
}
