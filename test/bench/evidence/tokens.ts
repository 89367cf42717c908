import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { JsonObject } from "@leashkit/core";
import { seededRandom } from "@leashkit/core/testing";
import { PublicProtocol } from "paseto";
import { ImportPublicKeyFactory, ImportSecretKeyFactory, SignFactory, VerifyFactory } from "paseto/v4/public";
import { nodeEd25519 } from "../../../core/tokens/ed25519.ts";
import { encodePublicKey, encodeSecretKey } from "../../../core/tokens/paserk.ts";
import { openV4, signV4 } from "../../../core/tokens/v4.ts";
import type { Report, RunOptions } from "../../report.ts";
import { measure, ratio, shuffled, type Candidate } from "../measure.ts";
import { sampleRecord } from "./record.ts";

const SEED = Buffer.alloc(32, 7);
/** Short rounds: on a busy machine most of them are then left in peace. */
const CALLS = 20;
const SIGN = "Ed25519 of node:crypto, sign";
const VERIFY = "Ed25519 of node:crypto, verify";

/** The bytes that a token of this payload signs: what a bare signature is measured over. */
function signedBytes(payload: string): Buffer {
  const pieces = ["v4.public.", payload, "", ""].map((piece) => Buffer.from(piece));
  const length = (value: number): Buffer => Buffer.from(new BigUint64Array([BigInt(value)]).buffer);
  return Buffer.concat([length(pieces.length), ...pieces.flatMap((piece) => [length(piece.length), piece])]);
}

function repeated(name: string, once: () => unknown): Candidate {
  return {
    name,
    calls: CALLS,
    async run(calls) {
      for (let call = 0; call < calls; call += 1) {
        const result = once();
        if (result instanceof Promise) await result;
      }
    },
  };
}

async function candidates(): Promise<readonly Candidate[]> {
  const { payload: members, envelope } = sampleRecord(1);
  const claims = {
    v: 1,
    iss: "leashkit",
    aud: "shop.example",
    exp: "2099-01-01T00:00:00.000Z",
    ...members,
    ...envelope,
  };
  const payload = JSON.stringify(claims);
  const read: JsonObject = JSON.parse(payload);
  const bytes = signedBytes(payload);
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SEED]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey);
  const signature = sign(null, bytes, privateKey);
  const own = nodeEd25519.signingKey(SEED);
  const ownPublic = nodeEd25519.verifyingKey(own.publicKey);
  const token = signV4(payload, own, "");
  if (!Buffer.from(token.slice("v4.public.".length), "base64url").subarray(-64).equals(signature)) {
    throw new Error("The two must sign the same bytes.");
  }
  const peer = new PublicProtocol(ImportPublicKeyFactory, ImportSecretKeyFactory, SignFactory, VerifyFactory);
  const peerSecret = await peer.ImportSecretKey(encodeSecretKey(SEED));
  const peerPublic = await peer.ImportPublicKey(encodePublicKey(own.publicKey));
  return [
    repeated(SIGN, () => sign(null, bytes, privateKey)),
    repeated("Leashkit, sign", () => signV4(payload, own, "")),
    repeated("paseto, sign", () => peer.Sign(peerSecret, read, { addIssuedAt: false })),
    repeated(VERIFY, () => verify(null, bytes, publicKey, signature)),
    repeated("Leashkit, verify", () => openV4(token, ownPublic, "")),
    repeated("paseto, verify", () => peer.Verify(peerPublic, token)),
  ];
}

/** PASETO v4.public tokens of the size of a proof, against the bare signature of the same bytes. */
export async function tokens({ seed, budgetMs }: RunOptions, report: Report): Promise<void> {
  const random = seededRandom(seed);
  const shuffle = <T>(list: readonly T[]): readonly T[] => shuffled(list, random);
  const measured = await measure(await candidates(), { rounds: 250, warmUp: 10, budgetMs, shuffle });
  report.table(
    "One token, in microseconds",
    measured.map(({ name, rounds, median, p25, p75 }) => ({
      what: name,
      median: median / 1e3,
      p25: p25 / 1e3,
      p75: p75 / 1e3,
      rounds,
    })),
  );
  const times = (name: string, bare: string): number => ratio(measured, name, bare);
  report.target({
    name: "sign / bare signature",
    value: times("Leashkit, sign", SIGN),
    mustBe: "at most",
    limit: 1.4,
    unit: "times",
  });
  report.target({
    name: "verify / bare verification",
    value: times("Leashkit, verify", VERIFY),
    mustBe: "at most",
    limit: 1.2,
    unit: "times",
  });
}
