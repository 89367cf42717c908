import { LeashPending, type Approval, type Leash, type Store } from "@leashkit/core";
import { thrown } from "./thrown.ts";

/** Proposes without waiting and gives what the agent is told. */
export async function pendingOf(leash: Leash, call: Parameters<Leash["guard"]>[0]): Promise<LeashPending> {
  const told = await thrown(leash.guard(call, () => "ran", { pause: "defer" }));
  if (told instanceof LeashPending) return told;
  throw new Error("the call does not wait for a person", { cause: told });
}

/** Changes the row of an approval as somebody with the database could. */
export async function alterApproval(
  store: Store,
  id: string,
  change: (approval: Approval) => Partial<Approval>,
): Promise<void> {
  const row = await store.get("approval", id);
  const approval = row?.body as unknown as Approval;
  const body = { ...approval, ...change(approval) } as never;
  await store.commit([{ kind: "approval", id, expect: row?.version ?? 0, body, by: "default/open" }]);
}
