import type { Json } from "./json.ts";

/** Which process runs a call, precise enough to tell that it is gone. */
export interface Owner {
  /** One per `createLeash`. */
  readonly instance: string;
  /** Machine, boot and process namespace, hashed; a pid means something only within one place. */
  readonly place: string;
  readonly pid: number;
}

/**
 * `held` waits for (or was refused by) its approval; `running` started and has no outcome yet; `suspended` paused itself inside
 * the run and is continued by running it again under the same grant; `done`, `failed` and `unknown` are outcomes.
 */
export type JournalState = "held" | "running" | "suspended" | "done" | "failed" | "unknown";

/** Whether a failed run may have changed anything outside. */
export type FailureEffect = "none" | "unknown";

/** What a call holds of a limit's counter, from its start on: given back only where it is sure that nothing happened. */
export interface Reservation {
  readonly counter: string;
  /** From when until when it counts there, epoch milliseconds, and how much. */
  readonly bucket: readonly [start: number, end: number, amount: number];
  /** The limit's name, where the policy gives it. */
  readonly rule?: string;
}

/** The one row per (call key, digest): what became of a call. */
export interface JournalEntry {
  readonly v: 1;
  readonly state: JournalState;
  readonly tenant: string;
  readonly callKey: string;
  /** Digest of the call as proposed. */
  readonly digest: string;
  /** Digest of what runs; differs from `digest` only after a transform. */
  readonly finalDigest: string;
  readonly tool: string;
  readonly attempt: number;
  /** Made anew for every grant: tells this attempt's row from that of any other, of this process too. */
  readonly attemptId: string | null;
  readonly requestedAt: number;
  readonly approvalId: string | null;
  readonly owner: Owner | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly proofKid: string | null;
  /** SHA-256 (hex) of the recorded result; null where nothing was recorded. */
  readonly outputRef: string | null;
  /** What the model is told where another form than the proposed one ran; null or absent where it ran as proposed. */
  readonly notice?: string | null;
  /** Set where a standing yes gave leave, and not one to this very call. */
  readonly allowanceId?: string;
  /** Absent: it counts on no limit, or what it held was given back. */
  readonly reserved?: readonly Reservation[];
  /** Name of the error's class, never its message: that may quote the input. */
  readonly failure: { readonly kind: string; readonly effect: FailureEffect } | null;
}

/** Turns a tool's result into JSON for the journal and back; adapters give their framework's own. */
export interface ResultCodec<T> {
  encode(result: T): Json | undefined;
  decode(recorded: Json): T;
}
