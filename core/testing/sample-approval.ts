import type { Approval } from "../model/approval.ts";
import { SAMPLE_TERMS } from "./scripted-policy.ts";

const OPENED_AT = Date.UTC(2026, 0, 1);

/**
 * A pending approval of a small payment, opened at the start of 2026 and open for an hour: for tests of surfaces.
 * @example sampleApproval({ ref: "M3T8", text: '{"amount":1}' })
 */
export function sampleApproval(changes: Partial<Approval> = {}): Approval {
  return {
    v: 1,
    id: `approval-${changes.ref ?? "K7Q2"}`,
    ref: "K7Q2",
    status: "pending",
    demand: "approve",
    callKey: "c".repeat(64),
    digest: "d".repeat(64),
    actionId: "019b76da-a800-8000-8000-000000000002",
    identity: "durable",
    tool: "send_money",
    text: '{"amount":12000,"to":"shop.storeco.com"}',
    principal: { tenant: "default", subject: "ada", agent: "buyer", chain: [] },
    session: null,
    labels: {},
    schemaDigest: null,
    counterparty: { id: "shop.storeco.com", trust: "HIGH" },
    rule: "mid",
    ruleDigest: "e".repeat(64),
    reason: "amounts up to 50000 need a yes",
    policyId: "shop",
    policyDigest: "f".repeat(64),
    terms: SAMPLE_TERMS,
    requestedAt: OPENED_AT,
    openedAt: OPENED_AT,
    expiresAt: OPENED_AT + 3_600_000,
    settledAt: null,
    verdicts: [],
    edit: null,
    ...changes,
  };
}
