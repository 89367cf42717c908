/** A place at counters that nobody else in this process changes meanwhile. */
export interface Turn {
  /** True where somebody else had it first: what was read before is old. */
  readonly waited: boolean;
  end(): void;
}

/**
 * Lets the calls of one process change a counter one after another. That is for speed alone: of calls that commit at once all
 * but one would have to decide and sign anew. Between processes, and for being right, there is the store's compare-and-set.
 */
export interface Turns {
  take(counters: readonly string[]): Promise<Turn>;
}

export function createTurns(): Turns {
  const tails = new Map<string, Promise<void>>();
  return {
    async take(counters) {
      const names = [...new Set(counters)];
      const before = names.flatMap((name) => tails.get(name) ?? []);
      const { promise: over, resolve: end } = withResolvers();
      // Taken at once for all of them: two calls never wait for one another.
      for (const name of names) tails.set(name, over);
      const finish = (): void => {
        end();
        for (const name of names) if (tails.get(name) === over) tails.delete(name);
      };
      await Promise.all(before);
      return { waited: before.length > 0, end: finish };
    },
  };
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
