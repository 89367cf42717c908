import type { Approval } from "./approval.ts";

/** Wall time, epoch milliseconds. Injected so that tests and replays can own it. */
export interface Clock {
  now(): number;
}

/** `size` cryptographically random bytes. */
export type Random = (size: number) => Uint8Array;

/**
 * A wake-up, never a verdict: resolves when it is worth looking at the approval again. What it throws (a framework's
 * interrupt) reaches the caller untouched.
 */
export type Pause = (approval: Approval, context: { readonly signal: AbortSignal }) => Promise<void>;

/** Tells people that an approval waits. Its failure never blocks and never approves. */
export type Notifier = (approval: Approval) => unknown;
