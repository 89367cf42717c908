import type { Policy } from "../model/policy.ts";
import { toBody } from "../store/envelope.ts";
import type { Change, Store } from "../store/store.ts";

/** The row that keeps a policy's text under its digest. */
export function archiveChange({ digest, id, source }: Policy): Change {
  return { kind: "policy", id: digest, expect: 0, body: toBody({ v: 1, id, source } as { readonly v: 1 }) };
}

/** Keeps the texts of policies that parents add for their children: decisions name them by digest. */
export interface PolicyArchive {
  /** Undefined where all of them are kept already. Rejects where the store cannot take one. */
  keep(policies: readonly (Policy | undefined)[]): Promise<void> | undefined;
}

export function createPolicyArchive(store: Store): PolicyArchive {
  const kept = new Set<string>();
  return {
    keep(policies) {
      const fresh = policies.filter((policy) => policy !== undefined).filter(({ digest }) => !kept.has(digest));
      return fresh.length === 0 ? undefined : keepAll(store, fresh, kept);
    },
  };
}

async function keepAll(store: Store, policies: readonly Policy[], kept: Set<string>): Promise<void> {
  for (const policy of policies) {
    // A conflict says that another process archived the same text; its copy serves both.
    await store.commit([archiveChange(policy)]);
    kept.add(policy.digest);
  }
}
