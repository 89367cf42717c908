import type { KeySet } from "./keys.ts";
import type { Sink } from "./sink.ts";

/** The result of checking the log. `firstBad` names the first line that does not hold. */
export interface LogReport {
  readonly ok: boolean;
  readonly streams: number;
  readonly records: number;
  readonly firstBad: { readonly stream: string; readonly seq: number; readonly problem: string } | null;
}

/** How far a checkpoint covers a stream of the log: its first `size` lines, the last of which has this hash. */
export interface StreamHead {
  readonly stream: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly hash: string;
}

/** A signed statement over everything that was in the log. */
export interface Checkpoint {
  /** The name of the log, made when it was first signed. */
  readonly origin: string;
  /** Records that it covers. */
  readonly size: number;
  /** RFC 6962 tree hash over them, lower-case hex. */
  readonly root: string;
  /** The streams that grew since the checkpoint before. */
  readonly heads: readonly StreamHead[];
  /** Whose signature counted. */
  readonly kid: string;
  /** True where that key has been revoked since. */
  readonly isRevoked: boolean;
  /** The C2SP signed note: keep this where the log's writer cannot change it. */
  readonly note: string;
}

/** One record, and the hashes by which anybody can tell that a checkpoint covers it. */
export interface InclusionProof {
  readonly v: 1;
  readonly stream: string;
  readonly seq: number;
  /** The record's line, byte for byte. */
  readonly line: string;
  /** Its place in the tree, from 0. */
  readonly index: number;
  /** From the leaf up, lower-case hex (RFC 6962 section 2.1.1). */
  readonly path: readonly string[];
  /** The signed note. */
  readonly checkpoint: string;
}

/** That what an earlier checkpoint covers is the beginning of what a later one does. */
export interface ConsistencyProof {
  readonly v: 1;
  readonly from: number;
  readonly to: number;
  /** Lower-case hex (RFC 6962 section 2.1.2). */
  readonly path: readonly string[];
  /** The signed notes. */
  readonly checkpoints: readonly [string, string];
}

/** The result of checking a stored log with its checkpoints. */
export interface LogVerification extends LogReport {
  /** Signed checkpoints that hold. */
  readonly checkpoints: number;
  /** Records under the last of them whose key was not revoked. Lines behind them can still be cut off unnoticed. */
  readonly covered: number;
  /** The first checkpoint that does not hold, by its size. */
  readonly badCheckpoint: { readonly size: number; readonly problem: string } | null;
}

export interface VerifyLogOptions {
  /** A signed note that was kept elsewhere: the log must continue it. */
  readonly checkpoint?: string;
  /** Public keys that were kept elsewhere. Default: those of the leash's own ring. */
  readonly keys?: KeySet;
}

export interface CheckpointOptions {
  /**
   * True: the key that signed the last checkpoint is lost for good, and the log goes on under another. All that is stored is compared
   * with the lines first, for nobody can tell any more whether somebody else signed it. Default false: then nothing is signed.
   */
  readonly keyLost?: boolean;
}

/** What can be asked of a stored log. Everything is read page by page; nothing is held but `prove` and `proveConsistency`'s tree. */
export interface AuditLog {
  /**
   * Recomputes hash chains, tree and checkpoints from the stored bytes.
   * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when the store cannot be read: that says nothing about the log.
   * `LEASH_TOKEN_INVALID`, `LEASH_TOKEN_REVOKED` when the kept checkpoint itself does not count.
   */
  verify(options?: VerifyLogOptions): Promise<LogVerification>;
  /**
   * Signs what is in the log by now. The last one where it has not grown, null for a log without records.
   * @throws {LeashError} `LEASH_LOG_INVALID` when the log does not hold: nothing is signed then. `LEASH_STORE_UNAVAILABLE`,
   * `LEASH_CONFIG_INVALID` without a key that may sign. `LEASH_TOKEN_INVALID` where the key that signed the last one is lost.
   */
  checkpoint(options?: CheckpointOptions): Promise<Checkpoint | null>;
  /**
   * A proof that a record is in the log, by the last checkpoint. Reads the whole log, and holds 64 bytes for each record.
   * @throws {LeashError} `LEASH_INPUT_INVALID` for a record that no checkpoint covers; `LEASH_LOG_INVALID`.
   */
  prove(stream: string, seq: number): Promise<InclusionProof>;
  /**
   * A proof that one stored checkpoint continues another, for witnesses. Sizes as in the checkpoints.
   * @throws {LeashError} `LEASH_INPUT_INVALID` where there is no checkpoint of one of the sizes; `LEASH_LOG_INVALID`.
   */
  proveConsistency(from: number, to: number): Promise<ConsistencyProof>;
  /**
   * Writes what the last checkpoint covers as a C2SP tiled log, readable by other people's tools.
   * @param folder Made where it is missing.
   * @throws {LeashError} `LEASH_INPUT_INVALID` for a log without a checkpoint, `LEASH_LOG_INVALID`, `LEASH_CONFIG_INVALID` when it
   * cannot be written.
   */
  writeTiles(folder: string): Promise<Checkpoint>;
}

/** Where the log goes, and how often it is signed. */
export interface AuditOptions {
  /** With the memory store: the file that is its log, synced before anything runs. */
  readonly file?: string;
  /**
   * Milliseconds between two checkpoints; one is taken when the log has grown, and when the leash is closed. Default 60,000. From 1 to
   * 2,147,483,647.
   */
  readonly checkpointEveryMs?: number;
  /** Where copies of every line go, beside the store that keeps the log. The leash closes them when it is closed. Default none. */
  readonly sinks?: readonly Sink[];
  /**
   * Milliseconds that a call waits for the required sinks before it is refused. Default 5,000. From 1 to 2,147,483,647.
   */
  readonly acceptWithinMs?: number;
}
