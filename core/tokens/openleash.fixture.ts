import { randomUUID } from "node:crypto";
import { PublicProtocol } from "paseto";
import {
  ExportPublicKeyFactory,
  GenerateKeyPairFactory,
  ImportPublicKeyFactory,
  SignFactory,
  VerifyFactory,
} from "paseto/v4/public";
import { sha256Hex } from "../digest.ts";
import { isoTime } from "./claims.ts";
import type { OpenLeashKeySet } from "./openleash-keys.ts";

// What an OpenLeash server of version 0.27 signs and how its own verifier checks, over the library that it uses, without a line of
// our own signing.

const library = new PublicProtocol(
  GenerateKeyPairFactory,
  ExportPublicKeyFactory,
  ImportPublicKeyFactory,
  SignFactory,
  VerifyFactory,
);

const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PASERK_PREFIX = "k4.public.";

export const ACTION_HASH = sha256Hex("an action request");

export interface OpenLeashServer {
  readonly keys: OpenLeashKeySet;
  readonly kid: string;
  /** A proof; undefined leaves a claim out. */
  proof(changes?: Readonly<Record<string, unknown>>): Promise<string>;
  /** An approval token, signed by the same key. */
  approval(changes?: Readonly<Record<string, unknown>>): Promise<string>;
  /** A session, signed by the same key. */
  session(changes?: Readonly<Record<string, unknown>>): Promise<string>;
}

/** A server with one key, whose tokens are made now. */
export async function openLeashServer(now: number): Promise<OpenLeashServer> {
  const { publicKey, secretKey } = await library.GenerateKeyPair({ extractable: true });
  const paserk = await library.ExportPublicKey(publicKey);
  const bytes = Buffer.from(paserk.slice(PASERK_PREFIX.length), "base64url");
  const kid = randomUUID();
  const common = { iss: "openleash", kid, iat: isoTime(now), exp: isoTime(now + 120_000) };
  const action = {
    owner_type: "user",
    owner_id: randomUUID(),
    agent_id: "buyer",
    action_type: "purchase",
    action_hash: ACTION_HASH,
  };
  const sign = async (claims: object, changes: Readonly<Record<string, unknown>> = {}): Promise<string> =>
    library.Sign(secretKey, JSON.parse(JSON.stringify({ ...claims, ...changes })), {
      addIssuedAt: false,
      now: new Date(now),
    });
  return {
    kid,
    keys: {
      keys: [
        {
          kid,
          kty: "OKP",
          alg: "EdDSA",
          public_key_b64: Buffer.concat([SPKI_PREFIX, bytes]).toString("base64"),
          created_at: isoTime(now),
          revoked_at: null,
        },
      ],
    },
    proof: (changes) => sign({ ...common, decision_id: randomUUID(), ...action, matched_rule_id: "small" }, changes),
    approval: (changes) =>
      sign({ ...common, approval_request_id: randomUUID(), ...action, purpose: "approval" }, changes),
    session: (changes) =>
      sign({ ...common, sub: action.owner_id, purpose: "user_session", system_roles: ["admin"] }, changes),
  };
}

/** What an OpenLeash verifier demands of a proof beside its signature. */
const CLAIMS: Readonly<Record<string, (value: unknown) => boolean>> = {
  iss: isText,
  kid: isText,
  iat: isText,
  exp: isText,
  decision_id: isText,
  owner_type: (value) => value === "user" || value === "org",
  owner_id: isText,
  agent_id: isText,
  action_type: isText,
  action_hash: isText,
  matched_rule_id: (value) => value === null || isText(value),
};

function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** Its answer to `/v1/verify-proof`: by the key that the token names, against the hash and the agent that are expected. */
export async function openLeashVerify(
  token: string,
  { keys }: OpenLeashKeySet,
  expected: { readonly now: number; readonly actionHash?: string; readonly agentId?: string },
): Promise<boolean> {
  const [, , body = ""] = token.split(".");
  const { kid }: { readonly kid?: unknown } = JSON.parse(Buffer.from(body, "base64url").subarray(0, -64).toString());
  const key = keys.find((known) => known.kid === kid);
  if (key === undefined || typeof key.revoked_at === "string") return false;
  const bytes = Buffer.from(key.public_key_b64, "base64").subarray(SPKI_PREFIX.length);
  try {
    const imported = await library.ImportPublicKey(`${PASERK_PREFIX}${bytes.toString("base64url")}`);
    const { claims } = await library.Verify(imported, token, { now: new Date(expected.now) });
    const stated = new Map<string, unknown>(Object.entries(claims));
    return (
      Object.entries(CLAIMS).every(([name, holds]) => holds(stated.get(name))) &&
      (expected.actionHash === undefined || stated.get("action_hash") === expected.actionHash) &&
      (expected.agentId === undefined || stated.get("agent_id") === expected.agentId)
    );
  } catch {
    return false;
  }
}
