import * as fc from "fast-check";
import { PublicProtocol } from "paseto";
import { ImportPublicKeyFactory, ImportSecretKeyFactory, SignFactory, VerifyFactory } from "paseto/v4/public";
import { describe, expect, it } from "vitest";
import { isLeashError } from "../errors.ts";
import { ed25519 } from "./ed25519.ts";
import { encodePublicKey, encodeSecretKey } from "./paserk.ts";
import { MAX_TOKEN_LENGTH, openV4, peekV4, signV4 } from "./v4.ts";

const seed = Buffer.from("b4cbfb43df4ce210727d953e4a713307fa19bb7d9f85041438d9e11b942a3774", "hex");
const secret = ed25519().signingKey(seed);
const publicKey = ed25519().verifyingKey(secret.publicKey);
const assertion = "leashkit/approval/1";

const oracle = new PublicProtocol(ImportPublicKeyFactory, ImportSecretKeyFactory, SignFactory, VerifyFactory);
const oraclePublicKey = await oracle.ImportPublicKey(encodePublicKey(secret.publicKey));
const oracleSecretKey = await oracle.ImportSecretKey(encodeSecretKey(seed));

const bodyOf = (token: string): Buffer => Buffer.from(token.slice("v4.public.".length), "base64url");
const tokenOf = (body: Uint8Array): string => `v4.public.${Buffer.from(body).toString("base64url")}`;

/** Signs any bytes at all; the encoding is written out anew from the specification. */
function signBytes(message: Uint8Array): string {
  const length = (size: number): Buffer => Buffer.from(new BigUint64Array([BigInt(size)]).buffer);
  const pieces = [Buffer.from("v4.public."), message, Buffer.alloc(0), Buffer.alloc(0)];
  const encoded = pieces.flatMap((piece) => [length(piece.length), piece]);
  return tokenOf(Buffer.concat([message, secret.sign(Buffer.concat([length(pieces.length), ...encoded]))]));
}

describe("PASETO v4.public", () => {
  it("makes the very token of the specification's vector 4-S-1", () => {
    const payload = '{"data":"this is a signed message","exp":"2022-01-01T00:00:00+00:00"}';
    expect(signV4(payload, secret, "")).toBe(
      "v4.public.eyJkYXRhIjoidGhpcyBpcyBhIHNpZ25lZCBtZXNzYWdlIiwiZXhwIjoiMjAyMi0wMS0wMVQwMDowMDowMCswMDowMCJ9bg_XBBzds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXEFtkqxT1ciiQEDA",
    );
  });

  it("opens what it signed, whatever the payload and the assertion, and nothing with one bit changed", () => {
    const texts = fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(texts, fc.string({ maxLength: 40 }), fc.nat(), (payload, implicit, position) => {
        const token = signV4(payload, secret, implicit);
        expect(openV4(token, publicKey, implicit)).toBe(payload);
        expect(peekV4(token)).toBe(payload);
        const body = bodyOf(token);
        const bit = position % (body.length * 8);
        body.writeUInt8(body.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(openV4(tokenOf(body), publicKey, implicit)).toBeUndefined();
        expect(openV4(token, publicKey, `${implicit}.`)).toBeUndefined();
      }),
    );
  });

  it("refuses every change of a single character", () => {
    const token = signV4('{"a":1}', secret, "");
    for (let at = 0; at < token.length; at += 1) {
      for (const character of "A_-.=+/ \u00e9") {
        if (token[at] === character) continue;
        expect(openV4(token.slice(0, at) + character + token.slice(at + 1), publicKey, ""), `at ${at}`).toBeUndefined();
      }
      expect(openV4(token.slice(0, at), publicKey, "")).toBeUndefined();
    }
  });

  it("refuses spellings of base64url that are not the canonical one", () => {
    // Two characters stand for the last byte, so four of their bits are padding that a lenient decoder ignores.
    const token = signV4('{"a":123}', secret, "");
    const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".indexOf(token.slice(-1));
    const twin =
      token.slice(0, -1) + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".charAt(last ^ 1);
    expect(bodyOf(twin)).toEqual(bodyOf(token));
    for (const other of [twin, `${token}=`, `${token}==`, ` ${token}`, `${token}\n`, `${token}A`]) {
      expect(openV4(other, publicKey, ""), other).toBeUndefined();
    }
  });

  it("refuses a footer, also an empty one", () => {
    const token = signV4('{"a":1}', secret, "");
    expect(openV4(`${token}.`, publicKey, "")).toBeUndefined();
    expect(openV4(`${token}.Zm9vdGVy`, publicKey, "")).toBeUndefined();
  });

  it("A-A6: refuses other versions and purposes by their header", () => {
    const token = signV4('{"a":1}', secret, "");
    for (const header of [
      "v1.public.",
      "v2.public.",
      "v3.public.",
      "v4.local.",
      "V4.public.",
      "v4.publi.",
      "v4.public",
    ]) {
      expect(openV4(token.replace("v4.public.", header), publicKey, ""), header).toBeUndefined();
    }
  });

  it("refuses a signed payload that is empty, not UTF-8 or too long", () => {
    expect(openV4(signBytes(Buffer.from('{"a":1}')), publicKey, "")).toBe('{"a":1}');
    const tooLong = Buffer.alloc(MAX_TOKEN_LENGTH, "x");
    for (const message of [Buffer.alloc(0), Buffer.from([0xff]), Buffer.from([0xed, 0xa0, 0x80]), tooLong]) {
      expect(openV4(signBytes(message), publicKey, "")).toBeUndefined();
    }
  });

  it("refuses another key", () => {
    const other = ed25519().verifyingKey(ed25519().signingKey(new Uint8Array(32)).publicKey);
    expect(openV4(signV4('{"a":1}', secret, ""), other, "")).toBeUndefined();
  });

  it("makes no token that is too long, and signs no lone surrogate", () => {
    const invalid = expect.toSatisfy((error) => isLeashError(error, "LEASH_INPUT_INVALID"));
    expect(() => signV4("x".repeat(MAX_TOKEN_LENGTH), secret, "")).toThrow(invalid);
    expect(() => signV4("\ud800", secret, "")).toThrow(invalid);
  });
});

describe("the paseto library as oracle", () => {
  const claims = { iss: "leashkit", text: "zwölf 💸", list: [1, { a: null }], exp: "2099-01-01T00:00:00.000Z" };
  const options = { implicitAssertion: Buffer.from(assertion) };

  it("verifies our tokens, and not without their implicit assertion", async () => {
    const plain = signV4(JSON.stringify(claims), secret, "");
    const bound = signV4(JSON.stringify(claims), secret, assertion);
    expect((await oracle.Verify(oraclePublicKey, plain)).claims).toEqual(claims);
    expect((await oracle.Verify(oraclePublicKey, bound, options)).claims).toEqual(claims);
    await expect(oracle.Verify(oraclePublicKey, bound)).rejects.toMatchObject({ code: "ERR_PASETO_INVALID_TOKEN" });
    await expect(oracle.Verify(oraclePublicKey, plain, options)).rejects.toMatchObject({
      code: "ERR_PASETO_INVALID_TOKEN",
    });
  });

  it("signs tokens that we open, and not without their implicit assertion", async () => {
    const plain = await oracle.Sign(oracleSecretKey, claims, { addIssuedAt: false });
    const bound = await oracle.Sign(oracleSecretKey, claims, { addIssuedAt: false, ...options });
    expect(JSON.parse(openV4(plain, publicKey, "") ?? "null")).toEqual(claims);
    expect(JSON.parse(openV4(bound, publicKey, assertion) ?? "null")).toEqual(claims);
    expect(openV4(bound, publicKey, "")).toBeUndefined();
    expect(openV4(plain, publicKey, assertion)).toBeUndefined();
  });

  it("signs with a footer what we refuse", async () => {
    const token = await oracle.Sign(oracleSecretKey, claims, { footer: Buffer.from("f") });
    expect(openV4(token, publicKey, "")).toBeUndefined();
  });
});
