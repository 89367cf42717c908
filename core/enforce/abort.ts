import { LeashDenied } from "../errors.ts";

/** The caller's signal, or one that never aborts: a new one each time, so that nobody's listeners pile up on it. */
export function signalOf({ signal }: { readonly signal?: AbortSignal | undefined }): AbortSignal {
  return signal ?? new AbortController().signal;
}

export function isAborted(signal: AbortSignal | undefined): signal is AbortSignal {
  return signal?.aborted === true;
}

/** @throws {LeashDenied} `LEASH_ABORTED`. Only for use before the start: it says that nothing ran. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!isAborted(signal)) return;
  throw new LeashDenied({
    code: "LEASH_ABORTED",
    reasonCode: "aborted",
    reason: "The run was aborted before the call started. Nothing ran.",
    cause: signal.reason,
  });
}
