import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../core/digest.ts";
import { isLeashError } from "../../core/errors.ts";
import type { Allowance } from "../../core/model/allowance.ts";
import type { Edit, Verdict } from "../../core/model/approval.ts";
import type { JsonObject } from "../../core/model/json.ts";
import { type PublicKey, PURPOSES, type Purpose } from "../../core/model/keys.ts";
import { issueReceipt, verifyReceipt } from "../../core/receipts/receipt.ts";
import { signAllowance, verifyAllowance } from "../../core/tokens/allowance.ts";
import { issueAttestation, verifyAttestation } from "../../core/tokens/attestation.ts";
import { signEdit, verifyEdit } from "../../core/tokens/edit.ts";
import { memoryKeyRing } from "../../core/tokens/keys.ts";
import { openLeashKeys, type OpenLeashKey } from "../../core/tokens/openleash-keys.ts";
import { ACTION_HASH, openLeashServer } from "../../core/tokens/openleash.fixture.ts";
import { encodePublicKey } from "../../core/tokens/paserk.ts";
import { issueProof } from "../../core/tokens/proof.ts";
import { issueSession, verifySession } from "../../core/tokens/session.ts";
import { peekV4 } from "../../core/tokens/v4.ts";
import { signVerdict, verifyVerdict } from "../../core/tokens/verdict.ts";
import { verifyProof } from "../../core/tokens/verify-proof.ts";

const NOW = Date.UTC(2026, 0, 1);
const random = randomBytes;
const keys = memoryKeyRing({ clock: { now: () => NOW }, random });
const server = await openLeashServer(NOW);
const audience = "shop.example.com";
const digest = sha256Hex("action");
const principal = { tenant: "acme", subject: "ann", agent: "buyer", chain: [] };
const subject = { id: "approval-1", callKey: sha256Hex("call"), digest, principal };

const said = { method: "totp", assurance: "login", device: null, reason: null, at: NOW, roles: [] } as const;
const verdict: Verdict = signVerdict(keys.signer("approval"), {
  ...said,
  approval: subject,
  answer: "approve",
  approver: "ann",
  random,
});
const edit: Edit = signEdit(keys.signer("approval"), {
  ...said,
  successor: subject,
  editor: "ann",
  predecessor: "approval-0",
  proposedDigest: sha256Hex("proposed"),
  self: true,
  random,
});
const allowance: Allowance = signAllowance(
  keys.signer("approval"),
  {
    v: 1,
    id: "allowance-1",
    ...principal,
    tool: "purchase",
    session: null,
    counterparty: null,
    schemaDigest: null,
    shape: sha256Hex("shape"),
    vary: [],
    rule: "r",
    ruleDigest: null,
    uses: 3,
    used: 0,
    approvalId: "approval-1",
    text: "{}",
    approver: "ann",
    grantedAt: NOW,
    expiresAt: NOW + 1,
    revokedAt: null,
  },
  random,
);
const ran = {
  tenant: "acme",
  sub: "ann",
  agent_id: "buyer",
  chain: [],
  action_id: "action-1",
  action_type: "purchase",
  action_hash: digest,
  input_hash: sha256Hex("{}"),
  outcome: "done",
  output_hash: null,
  started_at: "2026-01-01T00:00:00.000Z",
  ended_at: "2026-01-01T00:00:00.000Z",
  duration_ms: 0,
  attempt: 1,
  policy_id: "p",
  policy_digest: sha256Hex("p"),
  rule: null,
  decision_id: "decision-1",
  proof_jti: "jti",
  proof_kid: "kid",
  idempotency_key: "key",
  approval_id: null,
  approvers: [],
} as const;
const session = { tenant: "acme", subject: "ann", audience, now: NOW, random };

/** One token of every kind that anybody issues. */
const TOKENS = {
  proof: issueProof(keys.signer("proof"), {
    action: { actionId: "action-1", digest, inputDigest: sha256Hex("{}"), tool: "purchase", principal },
    decision: {
      rule: null,
      policyId: "p",
      policyDigest: sha256Hex("p"),
      counterparty: { id: audience, trust: "HIGH" },
      proofTtlMs: 60_000,
    },
    decisionId: "decision-1",
    approvalId: "approval-1",
    now: NOW,
    random,
  }).token,
  verdict: verdict.token,
  edit: edit.token,
  allowance: allowance.token,
  attestation: issueAttestation(keys.signer("attestation"), {
    tenant: "acme",
    person: "ann",
    method: "totp",
    approval: subject,
    audience,
    now: NOW,
    random,
  }).token,
  "session of a person": issueSession(keys.signer("session"), { ...session, actor: "person" }).token,
  "session of an agent": issueSession(keys.signer("session"), { ...session, actor: "agent" }).token,
  receipt: issueReceipt(keys.signer("receipt"), ran, NOW, random),
  checkpoint: keys.signer("checkpoint").sign({ size: 1 }),
  "OpenLeash proof": await server.proof(),
  "OpenLeash approval": await server.approval(),
  "OpenLeash session": await server.session(),
} as const;
type TokenKind = keyof typeof TOKENS;

const accepts = (run: () => unknown): boolean => {
  try {
    return run() !== false;
  } catch (error) {
    if (!isLeashError(error)) throw error;
    return false;
  }
};

type Verifier = (token: string, set: readonly PublicKey[], theirs: readonly OpenLeashKey[]) => boolean;

/** Every verifier there is, and what it takes. A checkpoint is a note and no token: nothing takes one that looks like a token. */
const VERIFIERS: Readonly<Partial<Record<TokenKind, { readonly purpose: Purpose | null; readonly takes: Verifier }>>> =
  {
    proof: {
      purpose: "proof",
      takes: (token, set) =>
        accepts(() => verifyProof(token, set, { audience, action: digest, agent: "buyer", now: NOW })),
    },
    verdict: { purpose: "approval", takes: (token, set) => verifyVerdict({ ...verdict, token }, subject, set) },
    edit: { purpose: "approval", takes: (token, set) => verifyEdit({ ...edit, token }, subject, set) },
    allowance: { purpose: "approval", takes: (token, set) => verifyAllowance({ ...allowance, token }, set) },
    attestation: {
      purpose: "attestation",
      takes: (token, set) =>
        accepts(() => verifyAttestation(token, set, { audience, approval: subject.id, action: digest, now: NOW })),
    },
    "session of a person": {
      purpose: "session",
      takes: (token, set) => accepts(() => verifySession(token, set, { audience, actor: "person", now: NOW })),
    },
    "session of an agent": {
      purpose: "session",
      takes: (token, set) => accepts(() => verifySession(token, set, { audience, actor: "agent", now: NOW })),
    },
    receipt: { purpose: "receipt", takes: (token, set) => accepts(() => verifyReceipt(token, set)) },
    "OpenLeash proof": {
      purpose: null,
      takes: (token, _set, theirs) =>
        accepts(() =>
          verifyProof(token, { keys: theirs }, { dialect: "openleash", action: ACTION_HASH, agent: "buyer", now: NOW }),
        ),
    },
  };

const CELLS = Object.entries(VERIFIERS).flatMap(([verifier, { purpose, takes }]) =>
  Object.entries(TOKENS).map(([issued, token]) => ({ verifier, issued, token, purpose, takes })),
);

/** The server's key as one of ours would be published, for a purpose. */
const asOurs = (purpose: Purpose): readonly PublicKey[] =>
  server.keys.keys.map(({ kid, public_key_b64: text }) => ({
    kid,
    purpose,
    publicKey: encodePublicKey(Buffer.from(text, "base64").subarray(-32)),
    createdAt: NOW,
    revokedAt: null,
  }));
/** Our keys as that server would publish them, those of every purpose. */
const asTheirs = PURPOSES.flatMap(
  (purpose) =>
    openLeashKeys({ v: 1, keys: keys.publicKeys(purpose).map((key) => ({ ...key, purpose: "proof" })) }).keys,
);

const claimsOf = (token: string): JsonObject => JSON.parse(peekV4(token) ?? "null");

describe("the token matrix", () => {
  it.each(CELLS)("I8, A-A5, B-H14: $issued at the verifier of $verifier", ({ issued, verifier, token, takes }) => {
    expect(takes(token, keys.keySet().keys, server.keys.keys)).toBe(issued === verifier);
  });

  it("I8, A-A5: only the diagonal passes, also where every key is listed for the verifier's own purpose", () => {
    for (const { issued, verifier, token, purpose, takes } of CELLS) {
      if (purpose === null) {
        expect(takes(token, [], [...server.keys.keys, ...asTheirs]), `${issued}, ${verifier}`).toBe(
          issued === verifier,
        );
        continue;
      }
      const relabelled = keys.keySet().keys.map((key) => ({ ...key, purpose }));
      for (const set of [relabelled, [...relabelled, ...asOurs(purpose)]]) {
        // The server's id is none of a key like ours: a set that lists it is malformed for who comes to it.
        expect(takes(token, set, []), `${issued}, ${verifier}`).toBe(issued === verifier);
      }
    }
  });

  it("I8: no key of another purpose can sign what a verifier takes, with the very claims that it asks for", () => {
    for (const [verifier, { purpose, takes }] of Object.entries(VERIFIERS)) {
      // Entries forget of what type their names are.
      const claims = claimsOf(TOKENS[verifier as TokenKind]);
      for (const signing of PURPOSES) {
        const forged = keys.signer(signing).sign(claims);
        const relabelled = keys.keySet().keys.map((key) => ({ ...key, purpose: purpose ?? key.purpose }));
        for (const set of [keys.keySet().keys, relabelled]) {
          expect(takes(forged, set, asTheirs), `${verifier} by the key for ${signing}`).toBe(signing === purpose);
        }
      }
    }
  });

  it("B-H19: no verifier takes its own kind once the key is revoked", () => {
    const revoked = keys.keySet().keys.map((key) => ({ ...key, revokedAt: NOW }));
    const theirs = server.keys.keys.map((key) => ({ ...key, revoked_at: "2026-01-01T00:00:00.000Z" }));
    for (const { issued, verifier, token, takes } of CELLS) {
      expect(takes(token, revoked, theirs), `${issued}, ${verifier}`).toBe(false);
    }
  });

  it("covers every purpose that keys are made for", () => {
    const covered = new Set(Object.values(VERIFIERS).map(({ purpose }) => purpose));
    expect(PURPOSES.filter((purpose) => !covered.has(purpose))).toEqual(["checkpoint"]);
    console.info(
      `token matrix: ${Object.keys(TOKENS).length} kinds of tokens at ${Object.keys(VERIFIERS).length} verifiers, ${CELLS.length} pairs`,
    );
  });
});
