import { afterEach, describe, expect, it, vi } from "vitest";
import { LeashError } from "../../errors.ts";
import { memoryStore } from "../../store/memory.ts";
import { fakeClock } from "../../testing/clock.ts";
import { SENDER_LEASE_MS } from "./cursor.ts";
import { type KeepingSink, keepingSink, placesOf, record, until, write } from "./sinks.fixture.ts";
import { openSinks, type Sinks } from "./sinks.ts";

const open: Sinks[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const sinks of open.splice(0)) await sinks.close();
});

function opened(...given: Parameters<typeof openSinks>): Sinks {
  const sinks = openSinks(...given);
  open.push(sinks);
  return sinks;
}

/** Makes a sink that does not answer until it is let go. */
function hang(sink: KeepingSink): () => void {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  sink.before = () => held;
  return release;
}

describe("sinks of the log", () => {
  it("get every line of every stream, in order, whoever wrote it", async () => {
    const raw = memoryStore();
    await write(raw, "of another", 3);
    const sink = keepingSink();
    const { store } = opened(raw, "own", { sinks: [sink] });
    await write(store, "own", 2);
    await until(() => sink.sends.flat().length === 5);
    expect(placesOf(sink.sends.flat())).toEqual(["own/0", "own/1", "of another/0", "of another/1", "of another/2"]);
    expect(sink.sends.flat().map(({ line }) => line)).toEqual(
      [...(await raw.lines("own", 0)), ...(await raw.lines("of another", 0))].map(({ line }) => line),
    );
  });

  it("go on where the last process came to", async () => {
    const raw = memoryStore();
    const first = keepingSink();
    const before = openSinks(raw, "one", { sinks: [first] });
    await write(before.store, "one", 3);
    await before.close();
    expect(placesOf(first.sends.flat())).toEqual(["one/0", "one/1", "one/2"]);
    expect(first.isClosed()).toBe(true);
    await write(raw, "one", 1);
    const second = keepingSink();
    opened(raw, "two", { sinks: [second] });
    await until(() => second.sends.length > 0);
    expect(placesOf(second.sends.flat())).toEqual(["one/3"]);
  });

  it("leave a stream to the process that sends it, until its lease has run out", async () => {
    const clock = fakeClock();
    const raw = memoryStore({ clock });
    const [live, other] = [keepingSink(), keepingSink()];
    const { store } = opened(raw, "live", { sinks: [live] });
    await write(store, "live", 1);
    await until(() => live.sends.length > 0);
    live.before = () => Promise.reject(new Error("it hangs"));
    await write(store, "live", 1);
    const second = openSinks(raw, "other", { sinks: [other] });
    await write(second.store, "other", 1);
    // Streams are looked through in the order of their names: by then "live" was passed over.
    await write(raw, "orphan", 1);
    await until(() => placesOf(other.sends.flat()).includes("orphan/0"));
    await second.close();
    expect(placesOf(other.sends.flat())).toEqual(["other/0", "orphan/0"]);
    clock.advance(SENDER_LEASE_MS + 1);
    const third = keepingSink();
    opened(raw, "third", { sinks: [third] });
    await until(() => third.sends.length > 0);
    expect(placesOf(third.sends.flat())).toContain("live/1");
  });

  it("send again, in order, what was not taken", async () => {
    const sink = keepingSink();
    const { store } = opened(memoryStore(), "own", { sinks: [sink] });
    let failures = 3;
    sink.before = () => {
      failures -= 1;
      if (failures >= 0) throw new Error("it is away");
    };
    await write(store, "own", 2);
    await until(() => sink.sends.length > 0);
    await write(store, "own", 1);
    await until(() => sink.sends.flat().length === 3);
    expect(placesOf(sink.sends.flat())).toEqual(["own/0", "own/1", "own/2"]);
  });

  it("are asked how far they came, for what they lost is sent again", async () => {
    const raw = memoryStore();
    await write(raw, "own", 4);
    await raw.commit([
      { kind: "sink", id: "kept/own", expect: 0, body: { v: 1, next: 4, sender: "gone", leaseUntil: 0 } },
    ]);
    const sink = { ...keepingSink(), next: async () => 2 };
    const { store } = opened(raw, "own", { sinks: [sink] });
    await write(store, "own", 1);
    await until(() => sink.sends.length > 0);
    expect(placesOf(sink.sends.flat())).toEqual(["own/2", "own/3", "own/4"]);
  });

  it("never hold up whoever writes, unless they are required", async () => {
    const sink = keepingSink();
    sink.before = () => new Promise(() => undefined);
    const { accepted, store } = openSinks(memoryStore(), "own", { sinks: [sink] });
    expect(accepted).toBeUndefined();
    await write(store, "own", 100);
    expect(sink.sends).toEqual([]);
  });

  it("tell a person once that a sink refuses, without what a foreign error says", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const sink = keepingSink();
    let tries = 0;
    sink.before = () => {
      tries += 1;
      throw new Error("token s3cret");
    };
    const { store } = opened(memoryStore(), "own", { sinks: [sink] });
    await write(store, "own", 1);
    await until(() => tries >= 4);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(warned.mock.calls)).toContain("kept");
    expect(JSON.stringify(warned.mock.calls)).not.toContain("s3cret");
  });

  it("send nothing behind a line that is missing from the store", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const raw = memoryStore();
    await write(raw, "own", 3);
    const holed = {
      ...raw,
      lines: async (...args: Parameters<typeof raw.lines>) => (await raw.lines(...args)).filter(({ seq }) => seq !== 1),
    };
    const sink = keepingSink({ required: true });
    const { accepted, store } = opened(holed, "own", { sinks: [sink], acceptWithinMs: 300 });
    await write(store, "own", 1);
    await expect(accepted?.(undefined)).rejects.toMatchObject({ cause: { code: "LEASH_LOG_INVALID" } });
    expect(sink.sends).toEqual([]);
  });

  it.each([
    ["two of one name", { sinks: [keepingSink(), keepingSink()] }],
    ["one without a name", { sinks: [keepingSink({ name: "" })] }],
    ["one whose name has a slash", { sinks: [keepingSink({ name: "a/b" })] }],
    ["no time to wait", { sinks: [keepingSink()], acceptWithinMs: 0 }],
  ])("are refused: %s", (_, options) => {
    expect(() => openSinks(memoryStore(), "own", options)).toThrow(
      expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }),
    );
  });
});

describe("required sinks", () => {
  const required = (acceptWithinMs = 5_000) => {
    const sink = keepingSink({ name: "siem", required: true });
    const { accepted, store } = opened(memoryStore(), "own", { sinks: [sink], acceptWithinMs });
    if (accepted === undefined) throw new Error("a required sink is waited for");
    return { accepted, sink, store };
  };

  it("have taken what was written before, when they have accepted", async () => {
    const { accepted, sink, store } = required();
    for (const count of [1, 2, 3]) {
      await store.commit([], { stream: "own", records: [record("a")] });
      await accepted(undefined);
      expect(sink.sends.flat()).toHaveLength(count);
    }
  });

  it("take the lines of calls in flight with one send", async () => {
    const { accepted, sink, store } = required();
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        await store.commit([], { stream: "own", records: [record("a")] });
        await accepted(undefined);
      }),
    );
    expect(sink.sends.flat()).toHaveLength(64);
    expect(sink.sends.length).toBeLessThan(8);
  });

  it("are not waited for beyond the time limit, and the error names the sink", async () => {
    const { accepted, sink, store } = required(50);
    const release = hang(sink);
    await store.commit([], { stream: "own", records: [record("a")] });
    await expect(accepted(undefined)).rejects.toMatchObject({
      code: "LEASH_STORE_UNAVAILABLE",
      message: expect.stringContaining('"siem"'),
    });
    release();
  });

  it("fail a call at once where trying again will not help", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const { accepted, sink, store } = required(60_000);
    const refusal = new LeashError("LEASH_CONFIG_INVALID", "The token is wrong.");
    sink.before = () => Promise.reject(refusal);
    await store.commit([], { stream: "own", records: [record("a")] });
    await expect(accepted(undefined)).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE", cause: refusal });
  });

  it("are not waited for by a call that was aborted", async () => {
    const { accepted, sink, store } = required(60_000);
    const release = hang(sink);
    await store.commit([], { stream: "own", records: [record("a")] });
    const stop = new AbortController();
    const waiting = accepted(stop.signal);
    stop.abort();
    await waiting;
    release();
  });

  it("accept nothing more once they are closed", async () => {
    const sink = keepingSink({ required: true });
    const sinks = openSinks(memoryStore(), "own", { sinks: [sink] });
    await sinks.close();
    await expect(sinks.accepted?.(undefined)).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
  });
});
