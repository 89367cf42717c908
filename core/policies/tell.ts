import { PolicyInvalid } from "../errors.ts";
import type { PolicyEvent } from "../model/leash.ts";

/** Tells the host what became of its policy. Never throws, never waits. */
export type Tell = (event: PolicyEvent) => void;

/** Ignores what the listener throws, also later. */
export function createTell(listener: (event: PolicyEvent) => unknown): Tell {
  return (event) =>
    // A promise also for a synchronous throw.
    void Promise.resolve(event)
      .then(listener)
      .catch(() => undefined);
}

/** For a host that does not listen: that its policy is not what its file says must not pass unseen. */
export function warn(origin: string, event: PolicyEvent): void {
  if (event.kind === "missing") {
    const message = `The policy ${JSON.stringify(origin)} is gone: every call is denied until it is back.`;
    process.emitWarning(message, { type: "LeashWarning", code: "LEASH_POLICY_MISSING" });
  }
  if (event.kind === "refused") {
    const { message } = new PolicyInvalid(origin, event.issues);
    const text = `${message}\nWhat was in force before stays so.`;
    process.emitWarning(text, { type: "LeashWarning", code: "LEASH_POLICY_REFUSED" });
  }
}
