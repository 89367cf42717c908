import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { canonicalText } from "../canonical.ts";
import { LeashError } from "../errors.ts";
import { PURPOSES, type KeySet, type PublicKey, type Purpose } from "../model/keys.ts";
import type { JsonObject } from "../model/json.ts";
import { implicitAssertion, ISSUER } from "./claims.ts";
import { keyEntry, newSecretKey, type KeyEntry, type KeySources } from "./key-entry.ts";
import { createKeyFile, readKeyFile, requirePrivateFolder, type KeyFile } from "./key-file.ts";
import { signV4 } from "./v4.ts";

export type { KeySources } from "./key-entry.ts";

/** Signs tokens of one purpose. */
export interface Signer {
  /** PASERK `k4.pid` of the key. */
  readonly kid: string;
  readonly purpose: Purpose;
  /**
   * A PASETO v4.public token of these claims. The claims `v`, `iss`, `kid` and `purpose` are the signer's own: what the caller
   * states for them does not count.
   * @throws {LeashError} `LEASH_INPUT_INVALID` when the claims are not plain JSON or too long.
   */
  sign(claims: JsonObject): string;
}

/** One set of keys per purpose, so that tokens of two kinds are never mistaken for one another. */
export interface KeyRing {
  /**
   * Signs with the newest key that is not revoked. The first use of a purpose makes its key. Ask anew for every token: keys are
   * rotated while a process runs.
   * @throws {LeashError} `LEASH_CONFIG_INVALID` when the keys cannot be read or are all revoked.
   */
  signer(purpose: Purpose): Signer;
  /** All keys of a purpose, oldest first, the revoked ones marked as such. Makes the first one where there is none. */
  publicKeys(purpose: Purpose): readonly PublicKey[];
  /** What to publish: the keys of every purpose in use, and of proofs in any case. */
  keySet(): KeySet;
}

/**
 * Keys that live and die with the process: for tests, and where nothing has to be verified after a restart.
 * @example const keys = memoryKeyRing({ clock: { now: Date.now }, random: randomBytes });
 */
export function memoryKeyRing(sources: KeySources): KeyRing {
  const rings = new Map<Purpose, readonly KeyEntry[]>();
  return keyRing({
    find: (purpose) => rings.get(purpose),
    make(purpose) {
      const details = { purpose, createdAt: sources.clock.now(), revokedAt: null };
      const entries = [keyEntry(newSecretKey(sources.random), details)];
      rings.set(purpose, entries);
      return entries;
    },
  });
}

/**
 * Keys in files that only their owner may read: `<purpose>.json`, mode 0600, in a folder of mode 0700 that is made where it is
 * missing. Processes that share the folder share the keys, also when they start at the same moment. A file that changes is
 * read again, so that a rotation or a revocation counts at once.
 *
 * The format, version 1: `{ "v": 1, "purpose", "keys": [{ "kid", "secret", "createdAt", "revokedAt" }] }` with PASERK
 * `k4.pid` and `k4.secret` and epoch milliseconds (`revokedAt` may be null). Anything else is refused.
 *
 * @param options `folder` is the very folder of the key files.
 * @throws {LeashError} `LEASH_CONFIG_INVALID`, here or on use, when folder or files are open to other users or malformed.
 */
export function fileKeyRing({ folder, ...sources }: KeySources & { readonly folder: string }): KeyRing {
  makePrivateFolder(folder);
  const files = new Map<Purpose, KeyFile>();
  const find = (purpose: Purpose): readonly KeyEntry[] | undefined => {
    const file = readKeyFile(join(folder, `${purpose}.json`), purpose, files.get(purpose));
    if (file !== undefined) files.set(purpose, file);
    return file?.entries;
  };
  return keyRing({
    find,
    make(purpose) {
      createKeyFile(join(folder, `${purpose}.json`), purpose, sources);
      // Read back: where another process was quicker, its key is the one.
      return find(purpose) ?? [];
    },
  });
}

interface KeySource {
  find(purpose: Purpose): readonly KeyEntry[] | undefined;
  make(purpose: Purpose): readonly KeyEntry[];
}

function keyRing(source: KeySource): KeyRing {
  const publicKeys = (purpose: Purpose): readonly PublicKey[] =>
    published(source.find(purpose) ?? source.make(purpose));
  return {
    signer: (purpose) => newestSigner(purpose, source.find(purpose) ?? source.make(purpose)),
    publicKeys,
    keySet() {
      publicKeys("proof");
      return { v: 1, keys: PURPOSES.flatMap((purpose) => published(source.find(purpose) ?? [])) };
    },
  };
}

function published(entries: readonly KeyEntry[]): readonly PublicKey[] {
  return entries.map((entry) => entry.published).sort((a, b) => a.createdAt - b.createdAt);
}

function newestSigner(purpose: Purpose, entries: readonly KeyEntry[]): Signer {
  const usable = entries.filter(({ published: { revokedAt } }) => revokedAt === null);
  const newest = usable.reduce<KeyEntry | undefined>(
    (best, entry) => (best !== undefined && best.published.createdAt > entry.published.createdAt ? best : entry),
    undefined,
  );
  if (newest === undefined) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      `Nothing can be signed for the purpose "${purpose}": all its keys are revoked. Add a new key to its file.`,
    );
  }
  const { kid } = newest.published;
  const own = { v: 1, iss: ISSUER, kid, purpose };
  const implicit = implicitAssertion(purpose);
  return {
    kid,
    purpose,
    sign: (claims) => signV4(canonicalText({ ...claims, ...own }), newest.signingKey, implicit),
  };
}

function makePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new LeashError("LEASH_CONFIG_INVALID", `The folder for keys ${JSON.stringify(folder)} cannot be made.`, {
      cause,
    });
  }
  requirePrivateFolder(folder);
}
