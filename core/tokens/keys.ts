import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { canonicalText } from "../canonical.ts";
import { LeashError } from "../errors.ts";
import { PURPOSES, type KeySet, type PublicKey, type Purpose } from "../model/keys.ts";
import type { JsonObject } from "../model/json.ts";
import { implicitAssertion, ISSUER, isoTime } from "./claims.ts";
import { keyEntry, newSecretKey, nextCreatedAt, revokedEntry, type KeyEntry, type KeySources } from "./key-entry.ts";
import {
  createKeyFile,
  readKeyFile,
  requirePrivateFolder,
  revokeInKeyFile,
  rotateKeyFile,
  type KeyFile,
  type KeyFileSources,
} from "./key-file.ts";
import { passphraseSeal, type Seal } from "./key-seal.ts";
import { activeKey } from "./key-state.ts";
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
  /**
   * The bare Ed25519 signature of these bytes, 64 bytes, for formats that are no tokens: signed notes, DSSE envelopes. The bytes
   * must say by their beginning what they are; none of those begins as a token does.
   */
  signBytes(message: Uint8Array): Uint8Array;
}

/** One set of keys per purpose, so that tokens of two kinds are never mistaken for one another. */
export interface KeyRing {
  /**
   * Signs with the active key: of those whose time has come and that are not revoked, the one whose time came last. The first use
   * of a purpose makes its key. Ask anew for every token: keys are rotated while a process runs.
   * @throws {LeashError} `LEASH_CONFIG_INVALID` when the keys cannot be read, or none is active.
   */
  signer(purpose: Purpose): Signer;
  /** All keys of a purpose, oldest first, the revoked ones marked as such. Makes the first one where there is none. */
  publicKeys(purpose: Purpose): readonly PublicKey[];
  /** What to publish: the keys of every purpose in use, and of what strangers check in any case. */
  keySet(): KeySet;
  /**
   * Makes a new key, which signs from now on. The keys that were there go on verifying what they signed. Verifiers know the new
   * one as soon as they have the new key set: publish it at once, or make the key before it is needed.
   * @param activeFrom Since when it signs, epoch milliseconds, later than now; until then it is only published, and whoever signs
   * goes on doing so. Default: at once. The first key of a purpose signs at once, and one more is made for then.
   * @returns the new key.
   * @throws {LeashError} `LEASH_INPUT_INVALID` for a time that is none or has come; `LEASH_CONFIG_INVALID` when the keys cannot be
   * read or written.
   */
  rotate(purpose: Purpose, activeFrom?: number): PublicKey;
  /**
   * Takes a key out of use: it signs no more, and nothing that it signed is accepted any more, by whoever has the new key set.
   * @param at Since when, epoch milliseconds, not later than now. Default: now. It tells people; a key that is marked is refused
   * whatever the time. A key that is revoked already keeps its time.
   * @returns the key as it is published from now on.
   * @throws {LeashError} `LEASH_INPUT_INVALID` for an id that none of the keys has, and for a time that is none or has not come;
   * `LEASH_CONFIG_INVALID` when the keys cannot be read or written.
   */
  revoke(kid: string, at?: number): PublicKey;
}

/**
 * Keys that live and die with the process: for tests, and where nothing has to be verified after a restart.
 * @example const keys = memoryKeyRing({ clock: { now: Date.now }, random: randomBytes });
 */
export function memoryKeyRing(sources: KeySources): KeyRing {
  const rings = new Map<Purpose, readonly KeyEntry[]>();
  const add = (purpose: Purpose, activeFrom?: number): KeyEntry => {
    const entries = rings.get(purpose) ?? [];
    const createdAt = nextCreatedAt(entries, sources.clock.now());
    const entry = keyEntry(newSecretKey(sources.random), { purpose, createdAt, activeFrom, revokedAt: null });
    rings.set(purpose, [...entries, entry]);
    return entry;
  };
  return keyRing({
    now: () => sources.clock.now(),
    find: (purpose) => rings.get(purpose),
    make: (purpose) => [add(purpose)],
    rotate: (purpose, activeFrom) => add(purpose, activeFrom).published,
    revoke({ kid, purpose }, at) {
      const entries = (rings.get(purpose) ?? []).map((entry) =>
        entry.published.kid === kid ? revokedEntry(entry, at) : entry,
      );
      rings.set(purpose, entries);
    },
  });
}

/** Where the keys of a ring lie, and what opens them. */
export interface KeyFolder {
  /** The very folder of the key files. */
  readonly folder: string;
  /**
   * Keeps the secrets under a passphrase, or opens those that are: the passphrase itself, or `env:NAME` for the environment
   * variable that holds it. A file whose secrets lie in the clear is read all the same, and sealed by its next rotation.
   * Default: none.
   */
  readonly passphrase?: string | undefined;
}

/**
 * Keys in files that only their owner may read: `<purpose>.json`, mode 0600, in a folder of mode 0700 that is made where it is
 * missing. Processes that share the folder share the keys, also when they start at the same moment. A file that changes is
 * read again, so that a rotation or a revocation counts at once.
 *
 * The format, version 1: `{ "v": 1, "purpose", "keys": [{ "kid", "secret", "createdAt", "revokedAt" }] }` with PASERK
 * `k4.pid` and `k4.secret` and epoch milliseconds (`revokedAt` may be null; `activeFrom` may be there). Version 2, under a passphrase: `{ "v": 2, "purpose",
 * "derivation": { "name": "scrypt", "n": 131072, "r": 8, "p": 1, "salt" }, "keys": [{ "kid", "publicKey", "sealed", "createdAt",
 * "revokedAt" }] }`, where `sealed` is a nonce of 12 bytes, the `k4.secret` under AES-256-GCM with purpose and id as associated
 * data, and the tag of 16 bytes. Anything else is refused.
 *
 * The passphrase is needed for signing alone, and derived from once per file and process (files that one process made share their
 * salt, and the derivation), which takes about half a second.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID`, here or on use, when folder or files are open to other users or malformed, and
 * when the passphrase is missing, empty or another one.
 * @example const keys = fileKeyRing({ folder, passphrase: "env:LEASH_PASSPHRASE", clock: { now: Date.now }, random: randomBytes });
 */
export function fileKeyRing({ folder, passphrase, ...sources }: KeySources & KeyFolder): KeyRing {
  const seal: Seal | undefined = passphrase === undefined ? undefined : passphraseSeal(passphrase);
  makePrivateFolder(folder);
  const files = new Map<Purpose, KeyFile>();
  const pathOf = (purpose: Purpose): string => join(folder, `${purpose}.json`);
  const find = (purpose: Purpose): readonly KeyEntry[] | undefined => {
    const file = readKeyFile(pathOf(purpose), purpose, files.get(purpose), seal);
    if (file !== undefined) files.set(purpose, file);
    return file?.entries;
  };
  const making = (): KeyFileSources => {
    const salts = [...files.values()].flatMap(({ content }) => content.salt ?? []);
    return { ...sources, seal, salt: salts[0] };
  };
  return keyRing({
    now: () => sources.clock.now(),
    find,
    make(purpose) {
      createKeyFile(pathOf(purpose), purpose, making());
      // Read back: where another process was quicker, its key is the one.
      return find(purpose) ?? [];
    },
    rotate: (purpose, activeFrom) => rotateKeyFile(pathOf(purpose), purpose, making(), activeFrom),
    revoke: ({ kid, purpose }, at) => revokeInKeyFile(pathOf(purpose), purpose, { kid, at }, sources),
  });
}

/** What others verify: their keys exist as soon as a key set is published, or it would have to be published again. */
const FOR_STRANGERS = ["proof", "receipt", "checkpoint"] as const satisfies readonly Purpose[];

interface KeySource {
  now(): number;
  find(purpose: Purpose): readonly KeyEntry[] | undefined;
  make(purpose: Purpose): readonly KeyEntry[];
  /** Where there are keys already. */
  rotate(purpose: Purpose, activeFrom?: number): PublicKey;
  revoke(key: PublicKey, at: number): void;
}

function keyRing(source: KeySource): KeyRing {
  const publicKeys = (purpose: Purpose): readonly PublicKey[] =>
    published(source.find(purpose) ?? source.make(purpose));
  const inUse = (): readonly PublicKey[] => PURPOSES.flatMap((purpose) => published(source.find(purpose) ?? []));
  return {
    signer: (purpose) => activeSigner(purpose, source.find(purpose) ?? source.make(purpose), source.now()),
    publicKeys,
    keySet() {
      for (const purpose of FOR_STRANGERS) publicKeys(purpose);
      return { v: 1, keys: inUse() };
    },
    rotate(purpose, activeFrom) {
      const entries = source.find(purpose);
      if (activeFrom !== undefined) requireToCome(activeFrom, latest(entries ?? [], source.now()));
      if (entries !== undefined) return source.rotate(purpose, activeFrom);
      const first = requireActive(purpose, source.make(purpose), source.now()).published;
      return activeFrom === undefined ? first : source.rotate(purpose, activeFrom);
    },
    revoke(kid, at = source.now()) {
      const key = inUse().find((known) => known.kid === kid);
      if (key === undefined)
        throw unusable("revoked", "no key has this id. `leash keys list` and `keySet()` name those that there are");
      if (!Number.isSafeInteger(at) || at < 0 || at > source.now()) {
        throw unusable(
          "revoked",
          "the time is not one of epoch milliseconds that has come. Left out, it is the present one",
        );
      }
      source.revoke(key, at);
      return inUse().find((known) => known.kid === kid) ?? { ...key, revokedAt: at };
    },
  };
}

/** Later than all keys were made, though the clock may have run back since: one that began before them would never sign. */
function latest(entries: readonly KeyEntry[], now: number): number {
  return Math.max(now, ...entries.map(({ published: { createdAt } }) => createdAt));
}

/** @throws {LeashError} `LEASH_INPUT_INVALID`. */
function requireToCome(at: number, now: number): void {
  isoTime(at);
  if (at <= now)
    throw unusable("made", "the time from which it is to sign has come already. Left out, it is the present one");
}

function unusable(done: "made" | "revoked", problem: string): LeashError {
  return new LeashError("LEASH_INPUT_INVALID", `The key was not ${done}: ${problem}.`);
}

function published(entries: readonly KeyEntry[]): readonly PublicKey[] {
  return entries.map((entry) => entry.published).sort((a, b) => a.createdAt - b.createdAt);
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID` when none is. */
function requireActive(purpose: Purpose, entries: readonly KeyEntry[], now: number): KeyEntry {
  const active = activeKey(
    purpose,
    entries.map((entry) => entry.published),
    now,
  );
  const entry = entries.find((known) => known.published === active);
  if (entry !== undefined) return entry;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    `Nothing can be signed for the purpose "${purpose}": all its keys are revoked or for later. Make a new one: leash keys rotate ${purpose}.`,
  );
}

function activeSigner(purpose: Purpose, entries: readonly KeyEntry[], now: number): Signer {
  const active = requireActive(purpose, entries, now);
  // Now, and not with the first signature: a tool may be running by then.
  const key = active.unlock();
  const { kid } = active.published;
  const own = { v: 1, iss: ISSUER, kid, purpose };
  const implicit = implicitAssertion(purpose);
  return {
    kid,
    purpose,
    sign: (claims) => signV4(canonicalText({ ...claims, ...own }), key, implicit),
    signBytes: (message) => key.sign(message),
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
