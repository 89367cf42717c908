/** What a heap keeps in order. */
export interface Ordered {
  /** When it is due. */
  readonly at: number;
  /** Among those that are due together: the lower one first. */
  readonly order: number;
}

/** Gives back what was put in, the earliest first. */
export interface Heap<Item extends Ordered> {
  readonly size: () => number;
  push(item: Item): void;
  pop(): Item | undefined;
}

const isBefore = (one: Ordered, other: Ordered): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

/** A binary heap in an array. */
export function createHeap<Item extends Ordered>(): Heap<Item> {
  const items: Item[] = [];
  const before = (one: number, other: number): boolean => {
    const [a, b] = [items[one], items[other]];
    return a !== undefined && (b === undefined || isBefore(a, b));
  };
  const swap = (one: number, other: number): void => {
    const [a, b] = [items[one], items[other]];
    if (a === undefined || b === undefined) return;
    items[one] = b;
    items[other] = a;
  };
  const sink = (start: number): void => {
    for (let at = start; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = before(right, left) ? right : left;
      if (!before(child, at)) return;
      swap(at, child);
      at = child;
    }
  };
  return {
    size: () => items.length,
    push(item) {
      items.push(item);
      for (let at = items.length - 1; at > 0;) {
        const parent = (at - 1) >> 1;
        if (!before(at, parent)) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop() {
      const [first] = items;
      const last = items.pop();
      if (first === undefined || last === undefined || items.length === 0) return first;
      items[0] = last;
      sink(0);
      return first;
    },
  };
}
