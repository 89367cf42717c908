import { isUtf8 } from "node:buffer";
import { canonicalText } from "../canonical.ts";
import type { Json } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Envelope, ReceiptClaims } from "../model/receipt.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import { holdsClaims } from "../tokens/claim-checks.ts";
import { refused, requireKey } from "../tokens/claims.ts";
import { requireSigner } from "../tokens/issue.ts";
import type { Signer } from "../tokens/keys.ts";
import { RECEIPT_CLAIMS, type ReceiptExpectation, requireExpected } from "./receipt.ts";

/** An in-toto Statement v1 (https://github.com/in-toto/attestation, spec/v1/statement.md) about one run. */
export interface ReceiptStatement {
  readonly _type: "https://in-toto.io/Statement/v1";
  /** The action, by its id and digest; and what it returned, where that was recorded. */
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: typeof RECEIPT_PREDICATE;
  readonly predicate: ReceiptClaims;
}

/** Names the predicate: the claims of a receipt, format version 1. */
export const RECEIPT_PREDICATE = "urn:leashkit:receipt:1";

export const IN_TOTO_TYPE = "application/vnd.in-toto+json";

/**
 * A receipt for tools that read in-toto statements: its claims as the predicate, in a DSSE envelope signed with the receipt key.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE` when the signer is not one for receipts.
 * @example await writeFile("receipt.intoto.json", JSON.stringify(receiptEnvelope(signer, verifyReceipt(token, keys))));
 */
export function receiptEnvelope(signer: Signer, claims: ReceiptClaims): Envelope {
  requireSigner(signer, "receipt");
  const payload = Buffer.from(canonicalText(statementOf(claims)));
  const sig = Buffer.from(signer.signBytes(preAuthenticationEncoding(IN_TOTO_TYPE, payload))).toString("base64");
  return {
    payloadType: IN_TOTO_TYPE,
    payload: payload.toString("base64"),
    signatures: [{ keyid: signer.kid, sig }],
  };
}

function statementOf(claims: ReceiptClaims): ReceiptStatement {
  const output = claims.output_hash === null ? [] : [{ name: "output", digest: { sha256: claims.output_hash } }];
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: claims.action_id, digest: { sha256: claims.action_hash } }, ...output],
    predicateType: RECEIPT_PREDICATE,
    predicate: claims,
  };
}

/**
 * Checks the envelope of a receipt offline and returns its statement. It has one signature, which must hold under a key for
 * receipts that is not revoked, and its predicate must be a receipt.
 * @throws {LeashError} `LEASH_TOKEN_INVALID`, `LEASH_TOKEN_PURPOSE` or `LEASH_TOKEN_REVOKED`; `LEASH_CONFIG_INVALID` when keys or
 * expectation are malformed.
 */
export function verifyReceiptEnvelope(
  envelope: unknown,
  keys: KeySet | readonly PublicKey[],
  expected: ReceiptExpectation = {},
): ReceiptStatement {
  if (!isEnvelope(envelope)) throw refused("it is not a DSSE envelope");
  if (envelope.payloadType !== IN_TOTO_TYPE) throw refused("its payload is not an in-toto statement");
  const payload = decode(envelope.payload);
  const message = preAuthenticationEncoding(IN_TOTO_TYPE, payload);
  const [signature] = envelope.signatures;
  if (signature === undefined || envelope.signatures.length !== 1)
    throw refused("it does not have exactly one signature");
  const key = requireKey(signature.keyid, "receipt", keys);
  if (!key.verify(message, decode(signature.sig))) {
    throw refused("its signature does not hold. It was changed, or made with another key");
  }
  const statement = isUtf8(payload) ? parseStatement(payload.toString()) : undefined;
  if (statement === undefined) throw refused("its payload is not the statement of a receipt");
  requireExpected(statement.predicate, expected);
  return statement;
}

/** Node decodes leniently; only the one canonical spelling encodes back to itself. */
function decode(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw refused("its base64 is malformed");
  return bytes;
}

/** What DSSE signs: https://github.com/secure-systems-lab/dsse, protocol.md. Lengths are of bytes. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  const head = Buffer.from(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  return Buffer.concat([head, payload]);
}

function parseStatement(text: string): ReceiptStatement | undefined {
  let value: Json;
  try {
    value = parseStrictJson(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { _type, predicate, predicateType } = value;
  const isReceipt = _type === "https://in-toto.io/Statement/v1" && predicateType === RECEIPT_PREDICATE;
  if (!isReceipt || !isJsonObject(predicate) || !holdsClaims(predicate, RECEIPT_CLAIMS)) return undefined;
  // Subject and predicate tell of the same run, or it is no statement of ours.
  const statement = statementOf(predicate);
  return canonicalText(statement) === canonicalText(value) ? statement : undefined;
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== "object" || value === null) return false;
  const { payload, payloadType, signatures } = value as Partial<Record<keyof Envelope, unknown>>;
  return (
    typeof payload === "string" &&
    typeof payloadType === "string" &&
    Array.isArray(signatures) &&
    signatures.every(isSignature)
  );
}

function isSignature(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { keyid, sig } = value as { readonly keyid?: unknown; readonly sig?: unknown };
  return typeof keyid === "string" && typeof sig === "string";
}
