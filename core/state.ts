import { randomBytes } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { sha256Hex } from "./digest.ts";
import { LeashError } from "./errors.ts";
import { uuidv7 } from "./ids.ts";
import type { AuditOptions } from "./model/log.ts";
import type { Clock, Random } from "./model/runtime.ts";
import type { PolicySource } from "./policies.ts";
import { memoryStore } from "./store/memory.ts";
import { sqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import { requirePrivateFolder } from "./tokens/key-file.ts";
import { fileKeyRing, memoryKeyRing, type KeyRing, type KeySources } from "./tokens/keys.ts";

/** Where the parts of a state folder lie. The folder is mode 0700 and never in the workspace. */
export interface StateLayout {
  readonly store: string;
  readonly keys: string;
}

/**
 * The state folder of a policy file: `$XDG_STATE_HOME/leashkit/<SHA-256 of the policy's real path>` (XDG Base Directory 0.8;
 * `~/.local/state` where the variable is unset or not absolute).
 * @example stateFolder("leash.yaml")
 */
export function stateFolder(policyPath: string): string {
  return join(stateRoot(), sha256Hex(realPath(policyPath)));
}

/** The folder of all state folders that are not stated. */
export function stateRoot(): string {
  const stated = process.env["XDG_STATE_HOME"];
  const base = stated !== undefined && isAbsolute(stated) ? stated : join(homedir(), ".local", "state");
  return join(base, "leashkit");
}

export function stateLayout(folder: string): StateLayout {
  return { store: join(folder, "store.db"), keys: join(folder, "keys") };
}

/** One policy reached through two links is one policy. A missing file keeps its plain path; loading it fails later. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Where state lives, as `createLeash` and `openDesk` are told. */
export interface StateOptions {
  readonly policy?: PolicySource | undefined;
  readonly store?: "memory" | "sqlite" | Store | undefined;
  readonly state?: string | undefined;
  readonly keys?: KeyRing | undefined;
  readonly passphrase?: string | undefined;
  readonly audit?: AuditOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** The parts that keep state. */
export interface State {
  readonly store: Store;
  /** True when `close` is ours to call. */
  readonly owned: boolean;
  readonly keys: KeyRing;
  /** This process's stream of the log. */
  readonly stream: string;
  readonly instance: string;
  readonly random: Random;
}

const SYSTEM_CLOCK: Clock = { now: () => Date.now() };

/** Opens store and keys. */
export async function openState(options: StateOptions): Promise<State> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const random = options.random ?? systemRandom();
  const folder = stateOf(options);
  if (folder !== undefined) preparePrivateFolder(folder);
  const instance = uuidv7(clock.now(), random);
  refuseIdlePassphrase(options, folder);
  const keys = options.keys ?? ownKeys(options, folder, { clock, random });
  // Last, so that nothing has to be closed when a key file is refused.
  const store = await openStore(options, folder, clock);
  return { store, owned: typeof options.store !== "object", keys, stream: instance, instance, random };
}

/** Bytes that are asked of the system at a time: one question costs as much as thousands of bytes. */
const POOL_BYTES = 4_096;

/** The system's randomness, every byte of it handed out once. */
function systemRandom(): Random {
  let pool = Buffer.alloc(0);
  return (size) => {
    if (size > POOL_BYTES) return randomBytes(size);
    if (pool.length < size) pool = randomBytes(POOL_BYTES);
    const taken = pool.subarray(0, size);
    pool = pool.subarray(size);
    return taken;
  };
}

/** A folder that others may open is refused where it is found so; a new one is made for its owner alone. */
function preparePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new LeashError("LEASH_CONFIG_INVALID", `The state folder ${JSON.stringify(folder)} cannot be made.`, {
      cause,
    });
  }
  requirePrivateFolder(folder);
}

/** Who states a passphrase counts on it. */
function refuseIdlePassphrase({ keys, passphrase }: StateOptions, folder: string | undefined): void {
  if (passphrase === undefined || (keys === undefined && folder !== undefined)) return;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    "`passphrase` is for the key files of a state folder, and none are used here. Leave it out, or name the folder with `state`.",
  );
}

function ownKeys({ passphrase, store }: StateOptions, folder: string | undefined, sources: KeySources): KeyRing {
  if (folder !== undefined) return fileKeyRing({ folder: stateLayout(folder).keys, passphrase, ...sources });
  if (typeof store === "object" && store.shared) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "A store that other processes share needs keys that they share: pass `keys`, or a `state` folder to keep them in.",
    );
  }
  return memoryKeyRing(sources);
}

/** The state folder that the options name or imply; undefined where nothing is kept in one. */
export function stateOf({ policy, state, store }: StateOptions): string | undefined {
  if (state !== undefined) return state;
  if (store === "memory" || typeof store === "object") return undefined;
  if (typeof policy === "string") return stateFolder(policy);
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    'A policy given as text has no path to derive a state folder from. Pass `state: "<folder>"`, or `store: "memory"` for tests.',
  );
}

async function openStore(options: StateOptions, folder: string | undefined, clock: Clock): Promise<Store> {
  if (options.store === "memory") {
    return memoryStore({ clock, ...(options.audit?.file === undefined ? {} : { log: options.audit.file }) });
  }
  if (options.audit?.file !== undefined) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "`audit.file` goes with the memory store, whose log it is. Other stores keep the log themselves: use `exportLog()`.",
    );
  }
  if (typeof options.store === "object") return options.store;
  if (folder === undefined) throw new LeashError("LEASH_CONFIG_INVALID", "The embedded store needs a state folder.");
  return sqliteStore({ file: stateLayout(folder).store, clock });
}
