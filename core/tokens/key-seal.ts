import { createCipheriv, createDecipheriv, scryptSync } from "node:crypto";
import { sha256Hex } from "../digest.ts";
import { LeashError } from "../errors.ts";
import type { Purpose } from "../model/keys.ts";
import type { Random } from "../model/runtime.ts";

/** How keys are derived from passphrases: scrypt, RFC 7914. No file may ask for less, or for so much that it stops a process. */
export const DERIVATION = { name: "scrypt", n: 131_072, r: 8, p: 1 } as const;

/** Bytes of a salt, which a file has one of. */
export const SALT_BYTES = 16;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";

/** scrypt itself needs 128 · n · r bytes. */
const MEMORY_AT_MOST = 256 * DERIVATION.n * DERIVATION.r;

/** Whose secret it is: a sealed secret opens under no other name. */
export interface SealedName {
  readonly purpose: Purpose;
  readonly kid: string;
}

/** Keeps secrets under a passphrase. */
export interface Seal {
  seal(secret: string, salt: string, name: SealedName, random: Random): string;
  /** Undefined for another passphrase, another name or a changed text: nobody is told which. */
  open(sealed: string, salt: string, name: SealedName): string | undefined;
}

/**
 * The seal of a passphrase.
 * @param stated The passphrase, or `env:NAME` for the environment variable that holds it.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` where it is empty or the variable is not set.
 */
export function passphraseSeal(stated: string): Seal {
  const passphrase = readPassphrase(stated);
  return {
    seal(secret, salt, name, random) {
      const nonce = Uint8Array.from(random(NONCE_BYTES));
      const cipher = createCipheriv(CIPHER, derive(passphrase, salt), nonce).setAAD(associated(name));
      const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString("base64url");
    },
    open(sealed, salt, name) {
      const bytes = Buffer.from(sealed, "base64url");
      if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
      const end = bytes.length - TAG_BYTES;
      const options = { authTagLength: TAG_BYTES };
      const key = derive(passphrase, salt);
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), options)
        .setAAD(associated(name))
        .setAuthTag(bytes.subarray(end));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]).toString();
      } catch {
        return undefined;
      }
    },
  };
}

function associated({ purpose, kid }: SealedName): Buffer {
  return Buffer.from(`leashkit/key-file/2\n${purpose}\n${kid}`);
}

/** The environment is read only where the value says so. */
function readPassphrase(stated: string): string {
  if (typeof stated !== "string" || stated === "") throw unusable("is empty");
  if (!stated.startsWith("env:")) return stated.normalize("NFC");
  const name = stated.slice("env:".length);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/u.test(name)) throw unusable('starts with "env:", and no variable is named like that');
  const value = process.env[name] ?? "";
  if (value === "") throw unusable(`is to be in the environment variable ${name}, which is not set`);
  return value.normalize("NFC");
}

function unusable(problem: string): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `The passphrase for the key files ${problem}. Pass the passphrase itself, or env:NAME for the variable that holds it.`,
  );
}

// A derivation takes half a second and 128 MiB: once per file and process.
const derived = new Map<string, Buffer>();
const DERIVED_AT_MOST = 100;

function derive(passphrase: string, salt: string): Buffer {
  const name = sha256Hex(`${salt}\n${passphrase}`);
  const known = derived.get(name);
  if (known !== undefined) return known;
  const { n: N, r, p } = DERIVATION;
  const key = scryptSync(passphrase, Buffer.from(salt, "base64url"), 32, { N, r, p, maxmem: MEMORY_AT_MOST });
  if (derived.size >= DERIVED_AT_MOST) derived.clear();
  derived.set(name, key);
  return key;
}
