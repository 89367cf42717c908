import { describe, expect, it } from "vitest";
import { sha256Hex } from "./digest.ts";
import { shortRef, uuidv7, uuidv8 } from "./ids.ts";
import { seededRandom } from "./testing/random.ts";

const FORM = (version: number): RegExp =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);

describe("uuidv7", () => {
  it("gives the example of RFC 9562 appendix A.6", () => {
    const bits = Uint8Array.from(Buffer.from("0cc318c4dc0c0c07398f", "hex"));
    expect(uuidv7(0x017f22e279b0, () => bits)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  });

  it("has version, variant and time whatever the random bits are", () => {
    for (const byte of [0x00, 0xff]) {
      const id = uuidv7(1_767_225_600_000, (size) => new Uint8Array(size).fill(byte));
      expect(id).toMatch(FORM(7));
      expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(1_767_225_600_000);
    }
  });

  it("sorts by time as text", () => {
    const random = seededRandom(7);
    const ids = [1, 255, 256, 65_536, 2 ** 40].map((now) => uuidv7(now, random));
    expect(ids.toSorted()).toEqual(ids);
  });

  it("takes fractions and times before 1970 without failing", () => {
    expect(uuidv7(1.9, seededRandom(1)).startsWith("00000000-0001-")).toBe(true);
    expect(uuidv7(-5, seededRandom(1)).startsWith("00000000-0000-")).toBe(true);
  });
});

describe("uuidv8", () => {
  it("holds the first 128 bits of the digest, but for version and variant", () => {
    expect(uuidv8("00112233445566778899aabbccddeeff".repeat(2))).toBe("00112233-4455-8677-8899-aabbccddeeff");
    expect(uuidv8(sha256Hex("call"))).toMatch(FORM(8));
  });

  it("is the same for the same digest and another for another", () => {
    expect(uuidv8(sha256Hex("a"))).toBe(uuidv8(sha256Hex("a")));
    expect(uuidv8(sha256Hex("a"))).not.toBe(uuidv8(sha256Hex("b")));
  });
});

describe("shortRef", () => {
  it("uses no letter that is read as another one", () => {
    const seen = new Set<string>();
    for (let byte = 0; byte < 256; byte += 1) seen.add(shortRef((size) => new Uint8Array(size).fill(byte)));
    expect(seen.size).toBe(32);
    for (const ref of seen) expect(ref).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}$/);
  });
});
