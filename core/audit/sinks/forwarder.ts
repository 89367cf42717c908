import { isLeashError, LeashError } from "../../errors.ts";
import type { Sink, SinkLine } from "../../model/sink.ts";
import type { Store } from "../../store/store.ts";
import { createCursors, type Place, SENDER_LEASE_MS } from "./cursor.ts";
import { createOthers } from "./others.ts";
import { nextPage } from "./page.ts";
import { createWaitingCalls } from "./waiting.ts";

/** Sends the log to one sink. */
export interface Forwarder {
  /** Lines were written to this leash's own stream, or may have been. Never throws, never waits. */
  written(): void;
  /**
   * Resolves once the sink has taken what was written so far, or when the signal aborts.
   * @throws {LeashError} `LEASH_STORE_UNAVAILABLE`, which names the sink.
   */
  accepted(signal: AbortSignal | undefined): Promise<void>;
  /** Sends what is left, for `waitMs` milliseconds at most, and closes the sink. */
  close(waitMs: number): Promise<void>;
}

export interface ForwarderParts {
  readonly store: Store;
  /** This leash's own stream. */
  readonly stream: string;
  /** How long a call waits for a required sink, in milliseconds. */
  readonly withinMs: number;
}

/** How long lines are gathered where no call waits for them, and how long a place is not noted. Milliseconds. */
const GATHERING_MS = 25;
const NOTING_MS = 250;
/** How often streams that nobody sends are looked for: of processes that are gone, or that only answer approvals. */
const LOOK_AROUND_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = { required: 1_000, optional: 30_000 } as const;
/** Failures in a row after which a person is told. */
const TOLD_AT = 3;

export function createForwarder(sink: Sink, { store, stream, withinMs }: ForwarderParts): Forwarder {
  const cursors = createCursors(store, sink.name, stream);
  const calls = createWaitingCalls(sink, withinMs);
  const others = createOthers(sink, store, stream, cursors);
  const timers = new Map<"run" | "note", NodeJS.Timeout | NodeJS.Immediate>();
  let place: Place | undefined;
  let [writtenUpTo, sentUpTo, failures, othersFailed] = [0, 0, 0, 0];
  let [isAround, isClosed] = [true, false];
  let running: Promise<void> | undefined;
  let noting: Promise<void> = Promise.resolve();

  async function sendOwn(): Promise<void> {
    const upTo = writtenUpTo;
    try {
      const at = (place ??= await openOwn());
      for (let page = await pageAt(at); page.length > 0; page = await pageAt(at)) {
        await sink.accept(page);
        at.next += page.length;
        noteSoon();
      }
    } catch (error) {
      // The sink may know better than we do how far it came.
      place = undefined;
      throw error;
    }
    sentUpTo = upTo;
    calls.taken(upTo);
  }

  async function openOwn(): Promise<Place> {
    const found = (await cursors.open(stream, true)) ?? { stream, next: 0, version: 0 };
    // Noted before anything is sent, so that others see that somebody cares for this stream.
    if (found.version === 0) await cursors.save(found, SENDER_LEASE_MS);
    return { ...found, next: (await sink.next?.(stream)) ?? found.next };
  }

  function pageAt({ next }: Place): Promise<readonly SinkLine[]> {
    return nextPage(store, stream, next);
  }

  function noteSoon(): void {
    if (timers.has("note")) return;
    timers.set("note", setTimeout(() => void note(SENDER_LEASE_MS), NOTING_MS).unref());
  }

  /** One at a time. A place that is not noted costs lines that are sent twice, so a failure here is nobody's trouble. */
  function note(leaseMs: number): Promise<void> {
    timers.delete("note");
    noting = noteAfter(noting, leaseMs);
    return noting;
  }

  async function noteAfter(earlier: Promise<void>, leaseMs: number): Promise<void> {
    await earlier;
    if (place === undefined) return;
    try {
      if (await cursors.save(place, leaseMs)) return;
      place.version = (await cursors.open(stream, true))?.version ?? 0;
      await cursors.save(place, leaseMs);
    } catch {
      // The next one tries again.
    }
  }

  function begin(): void {
    timers.delete("run");
    running = run();
  }

  async function run(): Promise<void> {
    try {
      await sendOwn();
      failures = 0;
      if (isAround) await sendOthers();
    } catch (error) {
      failures += 1;
      calls.failed(error);
      tell(sink, error, failures);
    }
    running = undefined;
    if (!isClosed) planNext();
  }

  /** What goes wrong with another's stream is tried again with the next look around, and holds up none of our own. */
  async function sendOthers(): Promise<void> {
    isAround = false;
    try {
      await others.send(async () => (writtenUpTo > sentUpTo ? sendOwn() : undefined));
      othersFailed = 0;
    } catch (error) {
      othersFailed += 1;
      tell(sink, error, othersFailed);
    }
  }

  function planNext(): void {
    if (failures > 0) {
      const longest = sink.required ? LONGEST_PAUSE_MS.required : LONGEST_PAUSE_MS.optional;
      plan(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20), longest));
    } else if (writtenUpTo > sentUpTo) plan(calls.isEmpty ? GATHERING_MS : 0);
    else if (isAround) plan(GATHERING_MS);
  }

  /** A timer keeps no process alive: what is not sent now is sent by the next one. Calls that wait have a timer of their own. */
  function plan(ms: number): void {
    if (running !== undefined || isClosed || timers.has("run")) return;
    timers.set("run", ms === 0 ? setImmediate(begin) : setTimeout(begin, ms).unref());
  }

  const rounds = setInterval(() => {
    isAround = true;
    plan(GATHERING_MS);
  }, LOOK_AROUND_MS).unref();
  const renewal = setInterval(() => void note(SENDER_LEASE_MS), SENDER_LEASE_MS / 3).unref();
  plan(GATHERING_MS);

  return {
    written() {
      writtenUpTo += 1;
      if (failures === 0) plan(GATHERING_MS);
    },
    accepted(signal) {
      if (isClosed) return Promise.reject(closed(sink));
      const mark = writtenUpTo;
      if (sentUpTo >= mark) return Promise.resolve();
      const waiting = calls.wait(mark, signal);
      if (failures === 0) hurry();
      return waiting;
    },
    async close(waitMs) {
      clearInterval(rounds);
      clearInterval(renewal);
      isClosed = true;
      for (const timer of timers.values()) clear(timer);
      await within(waitMs, sendLast());
      await within(waitMs, sink.close());
    },
  };

  /** A call waits: what was planned for later begins in this turn, together with whatever else is waited for. */
  function hurry(): void {
    const timer = timers.get("run");
    if (timer !== undefined) clear(timer);
    timers.delete("run");
    plan(0);
  }

  async function sendLast(): Promise<void> {
    await running;
    await sendOwn();
    // Whoever comes next need not wait for the lease to run out.
    await note(0);
  }
}

function clear(timer: NodeJS.Timeout | NodeJS.Immediate): void {
  if ("refresh" in timer) clearTimeout(timer);
  else clearImmediate(timer);
}

/** What takes too long or fails is left: a sink that is away must not keep a program from ending, and its lines are in the store. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}

function closed({ name }: Sink): LeashError {
  return new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    `The required audit sink ${JSON.stringify(name)} was closed with its leash, so the call was not started. Close the leash after its last call.`,
  );
}

/** Once in a row of failures. Foreign errors stay out of it: their messages may hold anything. */
function tell({ name }: Sink, error: unknown, failures: number): void {
  const isFinal = isLeashError(error, "LEASH_CONFIG_INVALID");
  if (failures !== (isFinal ? 1 : TOLD_AT)) return;
  const reason = isLeashError(error) ? error.message : "It gave an error of its own.";
  const code = isLeashError(error) ? error.code : "LEASH_STORE_UNAVAILABLE";
  process.emitWarning(`The audit sink ${JSON.stringify(name)} takes no lines. ${reason}`, { code });
}
