import type { AuditRecord } from "../../model/audit.ts";
import type { Sink, SinkLine } from "../../model/sink.ts";
import type { Store } from "../../store/store.ts";

/** A sink that keeps what it was given, and does what a test says. */
export interface KeepingSink extends Sink {
  readonly sends: (readonly SinkLine[])[];
  /** Called before lines are taken. */
  before: (lines: readonly SinkLine[]) => Promise<void> | void;
  readonly isClosed: () => boolean;
}

export function keepingSink(options: { name?: string; required?: boolean } = {}): KeepingSink {
  const sends: (readonly SinkLine[])[] = [];
  let closed = false;
  const sink: KeepingSink = {
    name: options.name ?? "kept",
    required: options.required ?? false,
    sends,
    before: () => undefined,
    isClosed: () => closed,
    async accept(lines) {
      await sink.before(lines);
      sends.push([...lines]);
    },
    close: async () => {
      closed = true;
    },
  };
  return sink;
}

/** Where lines stand: `<stream>/<seq>`. */
export function placesOf(lines: readonly SinkLine[]): readonly string[] {
  return lines.map(({ seq, stream }) => `${stream}/${seq}`);
}

export function record(detail: string): AuditRecord {
  return {
    payload: { type: "decided", tenant: "acme", actor_type: "agent", actor_id: "shopper", detail },
    envelope: {},
  };
}

/** Writes `count` lines to a stream, a commit each. */
export async function write(store: Store, stream: string, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await store.commit([], { stream, records: [record(`${at}`)] });
}

/** All stored lines of a stream. */
export async function stored(store: Store, stream: string): Promise<readonly SinkLine[]> {
  return store.lines(stream, 0, 1_000);
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
