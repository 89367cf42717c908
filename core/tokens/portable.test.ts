import type * as NodeCrypto from "node:crypto";
import { readdirSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { ed25519, nodeEd25519, portableEd25519 } from "./ed25519.ts";

/** A Node.js whose OpenSSL knows no Ed25519: everything else of `node:crypto` works. */
vi.mock("node:crypto", async (importOriginal) => {
  const real = await importOriginal<typeof NodeCrypto>();
  const refuse = (): never => {
    throw new Error("error:0308010C:digital envelope routines::unsupported");
  };
  const without = { createPrivateKey: refuse, createPublicKey: refuse, sign: refuse, verify: refuse };
  return { ...real, ...without, default: { ...real, ...without } };
});

/** This test itself, the one that compares both implementations, and those whose slow parts are about files and processes alone. */
const APART: readonly string[] = ["portable", "ed25519", "key-lock", "keys", "passphrase"];

// All tests of the tokens once more, each with its own names, over the portable implementation.
const suites = readdirSync(import.meta.dirname).flatMap((file) => /^(.+)\.test\.ts$/u.exec(file)?.[1] ?? []);
const repeated = suites.filter((suite) => !APART.includes(suite));
for (const suite of repeated) await import(`./${suite}.test.ts`);

describe("where node:crypto has no Ed25519", () => {
  it("the portable implementation is chosen, and the whole token suite above ran over it", () => {
    expect(() => nodeEd25519.signingKey(new Uint8Array(32))).toThrow(/unsupported/u);
    expect(ed25519()).toBe(portableEd25519);
    expect(repeated.length).toBeGreaterThan(10);
  });
});
