/** One line of the log with its place. The same place always holds the same bytes. */
export interface SinkLine {
  readonly stream: string;
  readonly seq: number;
  /** The line as it was hashed, without its line feed. */
  readonly line: string;
}

/**
 * Where copies of the log go. Lines of one stream come in order and at least once: after a crash or a lost answer some come again,
 * with the same stream and seq. Streams interleave.
 */
export interface Sink {
  /** Tells sinks of one leash apart; what was sent so far is remembered under it. 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  readonly name: string;
  /** True: nothing runs before this sink has accepted the record of it. False: lines are sent behind the calls. */
  readonly required: boolean;
  /**
   * Takes lines over, all or as if none; when it resolves the sink answers for them. Called once at a time.
   * @throws whatever is wrong. It is tried again, with growing pauses; a `LeashError` of the code `LEASH_CONFIG_INVALID` says that
   * trying again will not help before somebody changes something.
   */
  accept(lines: readonly SinkLine[]): Promise<void>;
  /** The first seq of a stream that the sink lacks, where it knows better than our own notes. */
  next?(stream: string): Promise<number | undefined>;
  /** Called once, after the last line. */
  close(): Promise<void>;
}
