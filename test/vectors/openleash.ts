import { canonicalText } from "../../core/canonical.ts";
import { sha256Hex } from "../../core/digest.ts";
import { isLeashError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/model/json.ts";
import { nodeEd25519 } from "../../core/tokens/ed25519.ts";
import { encodePublicKey, publicKeyId } from "../../core/tokens/paserk.ts";
import { openV4, signV4 } from "../../core/tokens/v4.ts";
import { verifyProof } from "../../core/tokens/verify-proof.ts";
import { expectThat, readText, refuses, type VectorSuite } from "./suite.ts";

interface OpenLeashVector {
  readonly action: JsonObject;
  readonly canonical_json: string;
  readonly action_hash: string;
  readonly public_key_b64: string;
  readonly private_key_b64: string;
  readonly signing_input: string;
  readonly body_sha256: string;
  readonly signature_b64: string;
  readonly paseto_token: string;
  readonly paseto_claims: JsonObject;
}

/** The last 32 bytes of an SPKI or PKCS #8 structure of RFC 8410 are the key or the seed. */
const keyBytes = (base64: string): Buffer => Buffer.from(base64, "base64").subarray(-32);

/** https://github.com/openleash/openleash, testvectors.json: one action with its hash, request signature and proof token. */
export const openLeash: VectorSuite = {
  name: "OpenLeash",
  passesAtLeast: 8,
  run(folder) {
    const vector: OpenLeashVector = JSON.parse(readText(folder, "openleash", "testvectors.json"));
    const publicBytes = keyBytes(vector.public_key_b64);
    const key = nodeEd25519.verifyingKey(publicBytes);
    const signingKey = nodeEd25519.signingKey(keyBytes(vector.private_key_b64));
    const message = Buffer.from(vector.signing_input);
    const signature = Buffer.from(vector.signature_b64, "base64");
    return [
      expectThat("canonical_json", () => canonicalText(vector.action) === vector.canonical_json),
      expectThat("action_hash", () => sha256Hex(canonicalText(vector.action)) === vector.action_hash),
      expectThat("body_sha256", () => sha256Hex(JSON.stringify(vector.action)) === vector.body_sha256),
      expectThat("signature is verified", () => key.verify(message, signature)),
      expectThat("signature is made", () => signature.equals(signingKey.sign(message))),
      expectThat(
        "proof token is opened",
        () => openV4(vector.paseto_token, key, "") === JSON.stringify(vector.paseto_claims),
      ),
      expectThat("proof token is signed", () => {
        return signV4(JSON.stringify(vector.paseto_claims), signingKey, "") === vector.paseto_token;
      }),
      expectThat("proof token of another issuer is not taken for one of ours", () => {
        const publicKey = encodePublicKey(publicBytes);
        const own = {
          kid: publicKeyId(publicKey),
          purpose: "proof",
          publicKey,
          createdAt: 0,
          revokedAt: null,
        } as const;
        return refuses(
          () => verifyProof(vector.paseto_token, [own], { audience: "test-agent" }),
          (error) => isLeashError(error, "LEASH_TOKEN_INVALID"),
        );
      }),
    ];
  },
};
