import type { LogEntry, LogFilter, Sink } from "@leashkit/core";
import { openDatabase } from "../database.ts";
import type { PostgresStoreOptions } from "../options.ts";
import { insertLines, nextSeq, selectLines } from "./rows.ts";
import { prepareTable } from "./table.ts";

/** Where the database is, as for `postgresStore`, and how the sink behaves. */
export type PostgresSinkOptions = Omit<PostgresStoreOptions, "clock"> &
  Pick<PostgresStoreOptions, "connectionString" | "pool"> & {
    /** Default `postgres`. */
    readonly name?: string;
    /** Whether a call waits until the server has its record on disk. Default false. */
    readonly required?: boolean;
  };

/** A sink that can be asked for what it holds. */
export interface PostgresSink extends Sink {
  /**
   * The lines that fit a filter, stream by stream, each in its own order.
   * @throws {LeashError} `LEASH_STORE_UNAVAILABLE`.
   */
  read(filter?: LogFilter): AsyncIterable<LogEntry>;
}

/**
 * Copies the log into the table `leashkit_log` of a schema, made where it is absent: `stream`, `seq`, `ts`, `type`, `tenant`,
 * `owner`, `agent`, `tool`, `decision` and the `line` as it was hashed. A line that is there already is not written again.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for options that cannot be read. No message holds the password.
 * @example createLeash({ policy, audit: { sinks: [postgresSink({ connectionString, required: true })] } });
 */
export function postgresSink(options: PostgresSinkOptions): PostgresSink {
  const { name = "postgres", required = false, ...where } = options;
  // The two forms of the options are told apart by the members that were left in.
  const database = openDatabase(where as PostgresStoreOptions);
  let prepared: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  async function answering<Result>(problem: string, work: () => Promise<Result>): Promise<Result> {
    try {
      prepared ??= prepareTable(database);
      await prepared;
      return await work();
    } catch (error) {
      // The table is looked for anew: it may have been the reason.
      prepared = undefined;
      throw database.failures.unavailable(`The audit sink at ${database.place} cannot be ${problem}`, error);
    }
  }

  async function* read(filter: LogFilter = {}): AsyncGenerator<LogEntry> {
    const lines = selectLines(database, filter);
    for (;;) {
      const next = await answering("read", () => lines.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  return {
    name,
    required,
    accept: (lines) => answering("written", () => insertLines(database, lines)),
    next: (stream) => answering("read", () => nextSeq(database, stream)),
    read,
    close: () => (closing ??= database.close()),
  };
}
