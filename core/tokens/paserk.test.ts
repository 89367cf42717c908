import { describe, expect, it } from "vitest";
import { isLeashError } from "../errors.ts";
import { ed25519 } from "./ed25519.ts";
import { decodePublicKey, decodeSecretKey, encodePublicKey, encodeSecretKey, publicKeyId } from "./paserk.ts";

const seed = Buffer.from("707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f", "hex");
const publicText = "k4.public.cHFyc3R1dnd4eXp7fH1-f4CBgoOEhYaHiImKi4yNjo8";
const secretText = "k4.secret.cHFyc3R1dnd4eXp7fH1-f4CBgoOEhYaHiImKi4yNjo8c5WpIyC_5kWKhS8VEYSZ05dYfuTF-ZdQFV4D9vLTcNQ";
const invalid = expect.toSatisfy((error) => isLeashError(error, "LEASH_CONFIG_INVALID"));

describe("PASERK version 4", () => {
  it("writes and reads keys as the official vectors have them", () => {
    expect(encodePublicKey(seed)).toBe(publicText);
    expect(Buffer.from(decodePublicKey(publicText))).toEqual(seed);
    expect(encodeSecretKey(seed)).toBe(secretText);
    expect(decodeSecretKey(secretText).publicKey).toEqual(ed25519().signingKey(seed).publicKey);
    expect(publicKeyId(publicText)).toBe("k4.pid.9ShR3xc8-qVJ_di0tc9nx0IDIqbatdeM2mqLFBJsKRHs");
  });

  it.each([
    ["a wrong version", publicText.replace("k4", "k3")],
    ["a wrong type", publicText.replace("public", "secret")],
    ["padding", `${publicText}=`],
    ["a bit outside the key", `${publicText.slice(0, -1)}9`],
    ["one byte too few", publicText.slice(0, -2)],
    ["one byte too many", `${publicText}AA`],
    ["standard base64", publicText.replace("-", "+")],
    ["nothing", ""],
  ])("refuses a public key with %s", (_name, text) => {
    expect(() => decodePublicKey(text)).toThrow(invalid);
    expect(() => publicKeyId(text)).toThrow(invalid);
  });

  it("refuses a secret key whose public half is another's, and never quotes it", () => {
    const foreign = Buffer.concat([seed, ed25519().signingKey(new Uint8Array(32)).publicKey]).toString("base64url");
    expect(() => decodeSecretKey(`k4.secret.${foreign}`)).toThrow(invalid);
    expect(() => decodeSecretKey(`k4.secret.${foreign}`)).not.toThrow(foreign);
    expect(() => decodeSecretKey(secretText.slice(0, -2))).toThrow(invalid);
  });

  it("refuses to write keys of another length", () => {
    expect(() => encodePublicKey(new Uint8Array(31))).toThrow(invalid);
    expect(() => encodeSecretKey(new Uint8Array(33))).toThrow(invalid);
  });
});
