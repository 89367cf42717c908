import type { PublicKey, Purpose } from "../model/keys.ts";
import type { Random } from "../model/runtime.ts";
import { keyEntry, newSecretKey, nextCreatedAt, revokedEntry, type KeySources } from "./key-entry.ts";
import { keyFileText, parseKeyFile, type KeyFileContent, type KeyFilePlace, type StoredKey } from "./key-format.ts";
import { underLock } from "./key-lock.ts";
import { SALT_BYTES, type Seal } from "./key-seal.ts";
import { createPrivateFile, invalidKeyStore, readPrivateText, replacePrivateFile, stampOf } from "./private-file.ts";

export { requirePrivateFolder } from "./private-file.ts";

/** What a key file says, and which state of the file says it. */
export interface KeyFile {
  readonly content: KeyFileContent;
  readonly entries: readonly StoredKey[];
  readonly stamp: string;
}

/** What new keys are made of, and under which passphrase they are kept, where there is one. */
export interface KeyFileSources extends KeySources {
  readonly seal?: Seal | undefined;
  /** Of another file under the same passphrase: with it, both open with one derivation. Default: a new one. */
  readonly salt?: string | undefined;
}

/**
 * Reads the keys of one purpose, or `known` where the file has not changed since; undefined where there is no file.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when others may read the file, or when it is malformed or of another version.
 */
export function readKeyFile(
  path: string,
  purpose: Purpose,
  known: KeyFile | undefined,
  seal?: Seal,
): KeyFile | undefined {
  const stamp = stampOf(path);
  if (stamp === undefined) return undefined;
  if (stamp === known?.stamp) return known;
  const content = parseKeyFile(readPrivateText(path), { path, purpose, seal });
  return { stamp, content, entries: content.keys };
}

/**
 * Writes the first key of a purpose. The file appears at once and whole, and never in the place of another: of processes that
 * start together one makes the key and the others find it.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when the folder cannot be written.
 */
export function createKeyFile(path: string, purpose: Purpose, sources: KeyFileSources): void {
  const empty = { purpose, salt: sources.seal === undefined ? null : saltOf(sources), keys: [] };
  const { content } = withNewKey(empty, { path, purpose, seal: sources.seal }, sources);
  createPrivateFile(path, keyFileText(content), sources.random);
}

/**
 * Adds a key to a file, which from now on, or from the time that is stated, is the one that signs; those that were there go on
 * verifying. Of processes that do so at the same time none loses the other's key. Where there is a passphrase, secrets that lay in
 * the clear are sealed by the way.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` as for reading; where the file is sealed and the passphrase is missing or another one.
 */
export function rotateKeyFile(path: string, purpose: Purpose, sources: KeyFileSources, activeFrom?: number): PublicKey {
  const place = { path, purpose, seal: sources.seal };
  return changeKeyFile(place, sources, (content) =>
    withNewKey(requireOpen(content, place, sources), place, sources, activeFrom),
  );
}

/**
 * Marks a key as revoked since a time. It needs no passphrase.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` as for reading, and where the file holds no such key.
 */
export function revokeInKeyFile(
  path: string,
  purpose: Purpose,
  { kid, at }: { readonly kid: string; readonly at: number },
  sources: KeyFileSources,
): PublicKey {
  return changeKeyFile({ path, purpose }, sources, (content) => {
    const key = content.keys.find(({ published }) => published.kid === kid);
    if (key === undefined) throw invalidKeyStore(path, "holds no key with this id any more");
    const revoked = revokedEntry(key, at);
    return {
      content: { ...content, keys: content.keys.map((other) => (other === key ? revoked : other)) },
      key: revoked,
    };
  });
}

interface Changed {
  readonly content: KeyFileContent;
  readonly key: StoredKey;
}

function changeKeyFile(
  { path, purpose, seal }: KeyFilePlace,
  sources: KeyFileSources,
  change: (content: KeyFileContent) => Changed,
): PublicKey {
  return underLock(path, sources.random, (isHeld) => {
    for (;;) {
      const file = readKeyFile(path, purpose, undefined, seal);
      if (file === undefined) throw invalidKeyStore(path, "is gone");
      const { content, key } = change(file.content);
      // Somebody may have written it by hand meanwhile, who knows of no lock.
      if (stampOf(path) !== file.stamp) continue;
      if (!isHeld())
        throw invalidKeyStore(path, "was locked by another process meanwhile, so it was not changed. Try again");
      replacePrivateFile(path, keyFileText(content), sources.random);
      return key.published;
    }
  });
}

function withNewKey(
  content: KeyFileContent,
  place: KeyFilePlace,
  { clock, random }: KeySources,
  activeFrom?: number,
): Changed {
  const { purpose, salt, keys } = content;
  const createdAt = nextCreatedAt(keys, clock.now());
  const plain = newSecretKey(random);
  const entry = keyEntry(plain, { purpose, createdAt, activeFrom, revokedAt: null });
  const key = { ...entry, secret: salt === null ? plain : sealed(plain, salt, entry.published.kid, { place, random }) };
  return { content: { ...content, keys: [...keys, key] }, key };
}

/** The content with all secrets under the passphrase, which is known to be that of those which are there. */
function requireOpen(content: KeyFileContent, place: KeyFilePlace, sources: KeyFileSources): KeyFileContent {
  if (content.salt !== null) {
    for (const key of content.keys) key.unlock();
    return content;
  }
  if (place.seal === undefined) return content;
  const salt = saltOf(sources);
  const { random } = sources;
  const seal = (key: StoredKey): StoredKey => ({
    ...key,
    secret: sealed(key.secret, salt, key.published.kid, { place, random }),
  });
  return { ...content, salt, keys: content.keys.map(seal) };
}

function sealed(
  secret: string,
  salt: string,
  kid: string,
  { place: { path, purpose, seal }, random }: { readonly place: KeyFilePlace; readonly random: Random },
): string {
  if (seal === undefined)
    throw invalidKeyStore(path, "is kept under a passphrase, and none was given. Pass `passphrase`");
  return seal.seal(secret, salt, { purpose, kid }, random);
}

function saltOf({ random, salt }: KeyFileSources): string {
  return salt ?? Buffer.from(random(SALT_BYTES)).toString("base64url");
}
