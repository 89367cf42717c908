import { randomBytes } from "node:crypto";
import { canonicalText } from "../canonical.ts";
import { domainDigest, sha256Hex } from "../digest.ts";
import { memoryKeyRing } from "./keys.ts";
import type { ProofInput } from "./proof.ts";

/** One permitted purchase, for the tests of making and of checking proofs. */
export const NOW = Date.UTC(2026, 4, 6, 7, 8, 9, 10);
export const keys = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
export const input = { amount_minor: 4_200, merchant_domain: "shop.example.com" };
export const digest = domainDigest("test/action/1", input);

export const proofInput: ProofInput = {
  action: {
    actionId: "0190a1b2-c3d4-8e5f-8a6b-7c8d9e0f1a2b",
    digest,
    inputDigest: sha256Hex(canonicalText(input)),
    tool: "purchase",
    principal: { tenant: "acme", subject: "ann", agent: "buyer", chain: [] },
  },
  decision: {
    rule: "small-trusted",
    policyId: "shopping",
    policyDigest: sha256Hex("policy"),
    counterparty: { id: "shop.example.com", trust: "HIGH" },
    proofTtlMs: 120_000,
  },
  decisionId: "decision-1",
  approvalId: "approval-1",
  now: NOW,
  random: randomBytes,
};
