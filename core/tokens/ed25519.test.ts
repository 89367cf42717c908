import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLeashError } from "../errors.ts";
import { ed25519, nodeEd25519, portableEd25519 } from "./ed25519.ts";

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const messages = fc.uint8Array({ maxLength: 300 });

describe("Ed25519", () => {
  it("makes the same keys and signatures with both implementations, and each verifies the other's", () => {
    fc.assert(
      fc.property(seeds, messages, (seed, message) => {
        const node = nodeEd25519.signingKey(seed);
        const portable = portableEd25519.signingKey(seed);
        expect(Buffer.from(portable.publicKey)).toEqual(Buffer.from(node.publicKey));
        const signature = node.sign(message);
        expect(Buffer.from(portable.sign(message))).toEqual(Buffer.from(signature));
        expect(nodeEd25519.verifyingKey(portable.publicKey).verify(message, signature)).toBe(true);
        expect(portableEd25519.verifyingKey(node.publicKey).verify(message, signature)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ["node", nodeEd25519],
    ["portable", portableEd25519],
  ])("refuses changed messages, changed signatures and odd lengths without throwing (%s)", (_name, implementation) => {
    const key = implementation.signingKey(new Uint8Array(32).fill(7));
    const verifying = implementation.verifyingKey(key.publicKey);
    const message = Buffer.from("pay 5");
    const signature = key.sign(message);
    expect(verifying.verify(message, signature)).toBe(true);
    expect(verifying.verify(Buffer.from("pay 6"), signature)).toBe(false);
    for (let byte = 0; byte < signature.length; byte += 1) {
      const changed = Uint8Array.from(signature, (value, at) => (at === byte ? value ^ 1 : value));
      expect(verifying.verify(message, changed)).toBe(false);
    }
    for (const length of [0, 63, 65]) expect(verifying.verify(message, new Uint8Array(length))).toBe(false);
  });

  it.each([
    ["node", nodeEd25519],
    ["portable", portableEd25519],
  ])("refuses keys of another length (%s)", (_name, implementation) => {
    for (const length of [0, 31, 33, 64]) {
      const bytes = new Uint8Array(length);
      for (const make of [() => implementation.signingKey(bytes), () => implementation.verifyingKey(bytes)]) {
        expect(make).toThrow(expect.toSatisfy((error) => isLeashError(error, "LEASH_CONFIG_INVALID")));
      }
    }
  });

  it("keeps signing after the caller wiped its seed", () => {
    for (const implementation of [nodeEd25519, portableEd25519]) {
      const seed = new Uint8Array(32).fill(9);
      const key = implementation.signingKey(seed);
      const before = Buffer.from(key.sign(Buffer.from("x")));
      seed.fill(0);
      expect(Buffer.from(key.sign(Buffer.from("x")))).toEqual(before);
    }
  });

  it("prefers node:crypto here", () => {
    expect(ed25519()).toBe(nodeEd25519);
  });
});
