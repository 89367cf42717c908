import type { Leash } from "@leashkit/core";
import { CALL } from "./call.ts";

/** Nanoseconds from the proposal to the tool's first instruction: steps 1 to 8. What the outcome costs comes after it. */
export function untilStart(leash: Leash): () => Promise<number> {
  return async () => {
    const proposed = process.hrtime.bigint();
    let started = proposed;
    await leash.guard(CALL, () => {
      started = process.hrtime.bigint();
      return "booked";
    });
    return Number(started - proposed);
  };
}
