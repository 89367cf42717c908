import { hash } from "node:crypto";
import { canonicalText } from "./canonical.ts";
import type { Principal } from "./model/principal.ts";

/** SHA-256 (FIPS 180-4) as lower-case hex, of bytes or of a text's UTF-8. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/**
 * SHA-256 (hex) over a domain, a line feed and the canonical text of a value: digests of two domains never meet.
 * @throws {LeashError} `LEASH_INPUT_INVALID` when the value is not plain JSON.
 * @example domainDigest("leashkit/rule/1", { id: "small", effect: "allow" })
 */
export function domainDigest(domain: string, value: unknown): string {
  return sha256Hex(`${domain}\n${canonicalText(value)}`);
}

/** What a leaf is hashed behind: RFC 6962 section 2.1. */
export const LEAF_PREFIX = "\0";

/** RFC 6962 section 2.1 leaf hash, SHA-256(0x00 || bytes), of a text's UTF-8, as lower-case hex. */
export function leafHash(text: string): string {
  return sha256Hex(LEAF_PREFIX + text);
}

/**
 * The digest of an action, from the canonical text of its input: equal to
 * `domainDigest("leashkit/action/1", { v: 1, tenant, agent, subject, tool, input })` without writing the input twice.
 */
export function actionDigest({ agent, subject, tenant }: Principal, tool: string, text: string): string {
  return sha256Hex(
    `leashkit/action/1\n{"agent":${canonicalText(agent)},"input":${text},"subject":${canonicalText(subject)},` +
      `"tenant":${canonicalText(tenant)},"tool":${canonicalText(tool)},"v":1}`,
  );
}
