import { domainDigest, type Json, type Leash, type LeashPending, type Pause } from "@leashkit/core";
import { durable } from "./leash.ts";
import { thrown } from "./thrown.ts";

/** A call as it is proposed, and as approvers edit it. */
export const ASKED = { amount: 900, to: "eve" };
export const EDITED = { amount: 40, to: "ann" };

/** Digest of a call of `buy`. */
export const digestOf = (input: Json): string =>
  domainDigest("leashkit/action/1", {
    v: 1,
    tenant: "default",
    subject: "default",
    agent: "agent",
    tool: "buy",
    input,
  });

export const ann = { id: "ann", method: "page", device: "phone" };
export const bob = { id: "bob" };

/** Proposes the one call, which is the same each time. */
export const propose = (leash: Leash, run: Parameters<Leash["guard"]>[1], pause?: "defer" | Pause): Promise<unknown> =>
  leash.guard(durable("call-1", ASKED), run, pause === undefined ? {} : { pause });

/** Proposes it without waiting and gives what the agent is told. */
export async function pendingOf(leash: Leash): Promise<LeashPending> {
  return (await thrown(propose(leash, () => "never", "defer"))) as LeashPending;
}
