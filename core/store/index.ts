/**
 * For authors of stores, published as `@leashkit/core/store`: what every store does alike, so that only the database is left
 * to write. Whoever uses a store needs nothing of this. Prove yours with the suites of `@leashkit/core/testing`.
 *
 * A commit's way: `prepareCommit` checks it at the call, `createBatcher` puts those that arrive together into one write,
 * `planCommits` says what of them holds and how the log goes on, and the store writes that, all or nothing.
 */
export { type Batcher, type BatchOptions, createBatcher } from "./batch.ts";
export { EMPTY_HEAD, hashOf, type Head } from "./chain.ts";
export { storeClock, type StoreClock, systemClock } from "./clock.ts";
export type { Clock } from "../model/runtime.ts";
export { type Plan, type PlanBase, planCommits } from "./plan.ts";
export {
  COMMITTED,
  type CommitRequest,
  isEmpty,
  isStorable,
  prepareCommit,
  type PreparedChange,
  type PreparedQuery,
  prepareLimit,
  prepareQuery,
  rowKey,
} from "./request.ts";
export { storeClosed } from "./unavailable.ts";
export { createWaitingRoom, type Wait, type WaitingRoom, type Watched } from "./waiting-room.ts";
