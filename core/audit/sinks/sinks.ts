import { LeashError } from "../../errors.ts";
import type { Sink } from "../../model/sink.ts";
import type { Store } from "../../store/store.ts";
import { createForwarder } from "./forwarder.ts";

/** All sinks of one leash. */
export interface Sinks {
  /** The same store, whose commits the sinks learn of. */
  readonly store: Store;
  /** Resolves when every required sink has taken what was written so far; undefined where none is required. */
  readonly accepted: ((signal: AbortSignal | undefined) => Promise<void>) | undefined;
  close(): Promise<void>;
}

export interface SinkOptions {
  readonly sinks?: readonly Sink[] | undefined;
  /** How long a call waits for the required sinks, in milliseconds. Default 5,000. */
  readonly acceptWithinMs?: number | undefined;
}

const ACCEPT_WITHIN_MS = 5_000;
/** What a timer takes. */
const MOST_MS = 2_147_483_647;
const NAME = /^[\w.-]{1,64}$/u;
/** How long a leash that is closed goes on sending. */
const CLOSE_WAIT_MS = 5_000;

/**
 * Sends the log to sinks from now on: every line that is in the store and was not sent yet, whoever wrote it.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for sinks without or with equal names, or a time that is none.
 */
export function openSinks(store: Store, stream: string, options: SinkOptions = {}): Sinks {
  const { acceptWithinMs: withinMs = ACCEPT_WITHIN_MS, sinks = [] } = options;
  check(sinks, withinMs);
  if (sinks.length === 0) return { store, accepted: undefined, close: async () => undefined };
  const all = sinks.map((sink) => ({ sink, forwarder: createForwarder(sink, { store, stream, withinMs }) }));
  const required = all.filter(({ sink }) => sink.required).map(({ forwarder }) => forwarder);
  const written = (): void => {
    for (const { forwarder } of all) forwarder.written();
  };
  const accepted = async (signal: AbortSignal | undefined): Promise<void> => {
    await Promise.all(required.map((forwarder) => forwarder.accepted(signal)));
  };
  return {
    store: tellingOf(store, stream, written),
    accepted: required.length === 0 ? undefined : accepted,
    close: async () => {
      await Promise.all(all.map(({ forwarder }) => forwarder.close(CLOSE_WAIT_MS)));
    },
  };
}

function check(sinks: readonly Sink[], withinMs: number): void {
  if (!Number.isSafeInteger(withinMs) || withinMs < 1 || withinMs > MOST_MS) {
    throw invalid(`audit.acceptWithinMs must be from 1 to ${MOST_MS} milliseconds. Leave it out for 5 seconds`);
  }
  const names = sinks.map(({ name }) => name);
  for (const name of names) {
    if (!NAME.test(name)) throw invalid(`a sink's name must be 1 to 64 of A-Z a-z 0-9 . _ -`);
    if (names.indexOf(name) !== names.lastIndexOf(name)) throw invalid(`two sinks are called ${JSON.stringify(name)}`);
  }
}

/** A commit that was written although its answer was lost is told of, too. */
function tellingOf(store: Store, stream: string, written: () => void): Store {
  return {
    shared: store.shared,
    now: () => store.now(),
    get: (kind, id) => store.get(kind, id),
    list: (kind, query) => store.list(kind, query),
    async commit(changes, append) {
      try {
        return await store.commit(changes, append);
      } finally {
        if (append !== undefined && append.stream === stream) written();
      }
    },
    watch: (kind, id, version, signal) => store.watch(kind, id, version, signal),
    streams: () => store.streams(),
    lines: (name, from, limit) => store.lines(name, from, limit),
    close: () => store.close(),
  };
}

function invalid(problem: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `The sinks of the log cannot be used: ${problem}.`);
}
