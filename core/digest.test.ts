import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { domainDigest, leafHash, sha256Hex } from "./digest.ts";

describe("sha256Hex", () => {
  it("gives the digests of FIPS 180-4's examples", () => {
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(sha256Hex("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });

  it("takes a text by its UTF-8", () => {
    expect(sha256Hex("zł💸")).toBe(sha256Hex(new TextEncoder().encode("zł💸")));
  });
});

describe("domainDigest", () => {
  it("covers the domain, a line feed and the canonical text", () => {
    const expected = createHash("sha256").update('leashkit/rule/1\n{"a":1,"b":2}').digest("hex");
    expect(domainDigest("leashkit/rule/1", { b: 2, a: 1 })).toBe(expected);
  });

  it("gives the same value another digest in another domain", () => {
    expect(domainDigest("leashkit/rule/1", {})).not.toBe(domainDigest("leashkit/policy/1", {}));
  });

  it("refuses what has no canonical text", () => {
    const attempt = (): unknown => domainDigest("leashkit/rule/1", { at: new Date(0) });
    expect(attempt).toThrow(expect.objectContaining({ code: "LEASH_INPUT_INVALID" }));
  });
});

describe("leafHash", () => {
  it("is RFC 6962's hash of a leaf: a zero byte first, so that no inner node passes for one", () => {
    // RFC 6962 section 2.1; the value for an empty leaf is in certificate-transparency-go's test vectors.
    expect(leafHash("")).toBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    const expected = createHash("sha256")
      .update(Buffer.from([0]))
      .update("línea")
      .digest("hex");
    expect(leafHash("línea")).toBe(expected);
  });
});
