import { AsyncLocalStorage } from "node:async_hooks";
import type { Permit } from "../model/permit.ts";

const permits = new AsyncLocalStorage<Permit>();

/**
 * The permit of the call that is running, for tools with fixed signatures: attach its proof and idempotency key to what you
 * send. Undefined outside a guarded run.
 * @example headers["idempotency-key"] = currentPermit()?.idempotencyKey;
 */
export function currentPermit(): Permit | undefined {
  return permits.getStore();
}

/** Runs with the permit in reach. */
export function withPermit<T>(permit: Permit, run: () => T): T {
  return permits.run(permit, run);
}
