import { describe, expect, it } from "vitest";
import { createWaiters } from "./waiters.ts";

interface Source {
  version: number;
  look: () => void;
  readonly events: string[];
}

function createSource(): Source & { readonly waiters: ReturnType<typeof createWaiters> } {
  const source: Source = { version: 0, look: () => undefined, events: [] };
  const waiters = createWaiters({
    version: () => {
      if (Number.isNaN(source.version)) throw new Error("cannot be read");
      return source.version;
    },
    listen: (look) => {
      source.events.push("listen");
      source.look = look;
      return () => source.events.push("stop");
    },
  });
  return Object.assign(source, { waiters });
}

/** Whether the work has settled after the promises that are ready now. */
async function settles(work: Promise<void>): Promise<boolean> {
  let settled = false;
  void work.then(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe("createWaiters", () => {
  it("listens only while somebody waits", async () => {
    const source = createSource();
    const stop = new AbortController();
    const [one, two] = [
      source.waiters.wait("used", "a", 0, stop.signal),
      source.waiters.wait("used", "b", 0, stop.signal),
    ];
    expect(source.events).toEqual(["listen"]);
    source.waiters.wake([{ kind: "used", id: "a" }]);
    expect(await settles(one)).toBe(true);
    expect(source.events).toEqual(["listen"]);
    stop.abort();
    await two;
    expect(source.events).toEqual(["listen", "stop"]);
    const again = source.waiters.wait("used", "a", 0, new AbortController().signal);
    source.waiters.close();
    await again;
    expect(source.events).toEqual(["listen", "stop", "listen", "stop"]);
  });

  it("looks again when told to, and wakes only those whose row has changed", async () => {
    const source = createSource();
    const { signal } = new AbortController();
    const current = source.waiters.wait("used", "a", 0, signal);
    source.look();
    expect(await settles(current)).toBe(false);
    source.version = 1;
    const other = source.waiters.wait("used", "b", 1, signal);
    source.look();
    expect(await settles(current)).toBe(true);
    expect(await settles(other)).toBe(false);
    source.waiters.close();
  });

  it("does not miss a change by another process between the first look and the start of listening", async () => {
    let version = 0;
    const waiters = createWaiters({
      version: () => version,
      listen: () => {
        version = 1;
        return () => undefined;
      },
    });
    expect(await settles(waiters.wait("used", "a", 0, new AbortController().signal))).toBe(true);
  });

  it("wakes those who wait when the store can no longer answer, so that they read and get the error", async () => {
    const source = createSource();
    const waiting = source.waiters.wait("used", "a", 0, new AbortController().signal);
    source.version = Number.NaN;
    source.look();
    expect(await settles(waiting)).toBe(true);
  });

  it("I4: rejects a wait that starts when the store cannot answer", async () => {
    const source = createSource();
    source.version = Number.NaN;
    await expect(source.waiters.wait("used", "a", 0, new AbortController().signal)).rejects.toThrow("cannot be read");
    expect(source.events).toEqual([]);
  });

  it("leaves no listener on a signal that outlives the wait", async () => {
    const source = createSource();
    const { signal } = new AbortController();
    const counts = { added: 0, removed: 0 };
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...parameters: Parameters<typeof add>) => {
      counts.added += 1;
      add(...parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
      counts.removed += 1;
      remove(...parameters);
    };
    const waiting = source.waiters.wait("used", "a", 0, signal);
    source.waiters.wake([{ kind: "used", id: "a" }]);
    await waiting;
    expect(counts).toEqual({ added: 1, removed: 1 });
  });
});
