import { systemRecord } from "../audit/records.ts";
import type { PolicyInvalid } from "../errors.ts";
import type { AuditRecord } from "../model/audit.ts";
import type { Policy } from "../model/policy.ts";
import { toBody } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";

/** Where what happens to a policy is recorded. */
export interface PolicyLog {
  readonly store: Store;
  readonly stream: string;
  readonly tenant: string;
}

/**
 * Keeps the text that later decisions name by digest, and says that it is in force. A policy decides only after that.
 *
 * @param mode what became of the mode with it, such as `observe to enforce`.
 */
export async function recordLoaded(log: PolicyLog, policy: Policy, mode?: string): Promise<void> {
  const { store, stream, tenant } = log;
  const known = await store.get("policy", policy.digest);
  const body = toBody({ v: 1, id: policy.id, source: policy.source } as { readonly v: 1 });
  const changes = known === undefined ? [{ kind: "policy", id: policy.digest, expect: 0, body } as const] : [];
  const names = { policy_id: policy.id, policy_digest: policy.digest };
  const records = [systemRecord(tenant, "policy.loaded", names)];
  if (mode !== undefined) records.push(systemRecord(tenant, "mode.changed", { ...names, detail: mode }));
  const append = { stream, records };
  const result = await store.commit(changes, append);
  // Another process archived the same text at the same moment; its copy serves both.
  if (!result.ok) await store.commit([], append);
}

/** The number of issues and no word of the text. */
export async function recordRefused(log: PolicyLog, { issues }: PolicyInvalid): Promise<void> {
  await note(log, systemRecord(log.tenant, "policy.refused", { detail: `${issues.length} issues` }));
}

export async function recordMissing(log: PolicyLog, { id, digest }: Policy): Promise<void> {
  const detail = "the policy's file is gone: every call is denied";
  await note(log, systemRecord(log.tenant, "policy.refused", { policy_id: id, policy_digest: digest, detail }));
}

/** What is wrong with the policy matters more than that it could not be noted. */
async function note({ store, stream }: PolicyLog, record: AuditRecord): Promise<void> {
  await store.commit([], { stream, records: [record] }).catch(() => undefined);
}
