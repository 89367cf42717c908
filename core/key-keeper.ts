import { keyRecord } from "./audit/records.ts";
import { LeashError } from "./errors.ts";
import type { Approver } from "./model/approval.ts";
import type { KeySet, PublicKey, Purpose } from "./model/keys.ts";
import type { Store } from "./store/store.ts";
import type { KeyRing } from "./tokens/keys.ts";

/** The keys of a leash, changed on a person's word, which the log tells. */
export interface KeyKeeper {
  /** The public keys of every purpose in use. */
  keySet(): KeySet;
  /**
   * Makes a new key, which signs from now on, or from a time that is stated; see `KeyRing.rotate`. Publish the key set afterwards.
   * @throws {LeashError} `LEASH_INPUT_INVALID`, `LEASH_CONFIG_INVALID`; `LEASH_STORE_UNAVAILABLE` when the key was made and could not be logged.
   */
  rotate(purpose: Purpose, activeFrom?: number): Promise<PublicKey>;
  /**
   * Takes a key out of use; see `KeyRing.revoke`. Publish the key set afterwards.
   * @throws {LeashError} `LEASH_INPUT_INVALID`, `LEASH_CONFIG_INVALID`; `LEASH_STORE_UNAVAILABLE` when the key was revoked and that
   * could not be logged.
   */
  revoke(kid: string, at?: number): Promise<PublicKey>;
}

/** What a keeper of keys works with. */
export interface KeyKeeperParts {
  readonly keys: KeyRing;
  readonly store: Store;
  /** The stream of the log that gets the records. */
  readonly stream: string;
  readonly tenant: string;
}

export function createKeyKeeper({ keys, store, stream, tenant }: KeyKeeperParts, person: Approver): KeyKeeper {
  const log = async (key: PublicKey, type: "key.rotated" | "key.revoked"): Promise<PublicKey> => {
    try {
      await store.commit([], { stream, records: [keyRecord(tenant, type, key, person.id)] });
      return key;
    } catch (cause) {
      throw new LeashError(
        "LEASH_STORE_UNAVAILABLE",
        `The key ${key.kid} was ${type === "key.rotated" ? "made" : "revoked"}, and the log could not be told so.`,
        { cause },
      );
    }
  };
  return {
    keySet: () => keys.keySet(),
    // The change comes first: a key that must go is gone, whatever the store can do.
    rotate: async (purpose, activeFrom) => log(keys.rotate(purpose, activeFrom), "key.rotated"),
    revoke: async (kid, at) => log(keys.revoke(kid, at), "key.revoked"),
  };
}
