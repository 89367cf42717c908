import { isLeashError, LeashError } from "../../errors.ts";
import type { Sink } from "../../model/sink.ts";

/** Calls that wait until a sink has taken the lines written before them. */
export interface WaitingCalls {
  /** Waits until everything up to `mark` is taken; ends early, without a word, when the signal aborts. */
  wait(mark: number, signal: AbortSignal | undefined): Promise<void>;
  taken(mark: number): void;
  /** Tells what went wrong; where trying again will not help, the calls are told at once. */
  failed(error: unknown): void;
  readonly isEmpty: boolean;
}

interface Call {
  readonly mark: number;
  readonly end: (error?: LeashError) => void;
}

/** @param withinMs How long a call waits. */
export function createWaitingCalls({ name }: Pick<Sink, "name">, withinMs: number): WaitingCalls {
  const calls = new Set<Call>();
  let failure: unknown;
  const refusal = (): LeashError =>
    new LeashError(
      "LEASH_STORE_UNAVAILABLE",
      `The required audit sink ${JSON.stringify(name)} has not taken the record of this call within ${withinMs} ms, so the call was not started. ` +
        `${isLeashError(failure) ? failure.message : "Look at the cause."} Nothing runs before it answers again.`,
      { cause: failure },
    );
  return {
    get isEmpty() {
      return calls.size === 0;
    },
    wait: (mark, signal) =>
      new Promise((resolve, reject) => {
        const end = (error?: LeashError): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", aborted);
          calls.delete(call);
          if (error === undefined) resolve();
          else reject(error);
        };
        const aborted = (): void => end();
        const call: Call = { mark, end };
        const timer = setTimeout(() => end(refusal()), withinMs);
        signal?.addEventListener("abort", aborted, { once: true });
        calls.add(call);
        if (signal?.aborted === true) end();
      }),
    taken(mark) {
      failure = undefined;
      for (const call of calls) if (call.mark <= mark) call.end();
    },
    failed(error) {
      failure = error;
      if (!isLeashError(error, "LEASH_CONFIG_INVALID")) return;
      for (const call of calls) call.end(refusal());
    },
  };
}
