import { access } from "node:fs/promises";
import { join } from "node:path";

import { isLeashError, openDesk, type OpenDesk, operatingSystemUser, stateFolder, type Store } from "@leashkit/core";

import { UnreadableError, UsageError } from "./exit.ts";
import { openStore, type StoreOptions } from "./store.ts";

/** The options that every command takes. */
export interface CommonOptions extends StoreOptions {
  readonly policy?: string;
  readonly state?: string;
  readonly tenant?: string;
  /** `env:NAME`: on a command line, everybody would read the passphrase itself. */
  readonly passphrase?: string;
  readonly json?: boolean;
}

/** Nothing is guessed from the working folder: a command that approves must not be led elsewhere by a file that lies there. */
function folderOf({ policy, state }: CommonOptions): string {
  if (state !== undefined) return state;
  if (policy !== undefined) return stateFolder(policy);
  throw new UsageError("say which leash: --policy FILE (the policy it runs with) or --state DIR");
}

/** Runs with a desk for the operating-system user on the state of a leash; never makes one. */
export function withDesk<T>(options: CommonOptions, use: (open: OpenDesk) => Promise<T>): Promise<T> {
  return withState(options, { store: "store.db", shared: "keys" }, use);
}

/** The same for what the desk signs: an answer signed with another key than the leash knows is none. */
export function withSigningDesk<T>(options: CommonOptions, use: (open: OpenDesk) => Promise<T>): Promise<T> {
  return withState(options, { store: "store.db", shared: join("keys", "approval.json") }, use);
}

/** What must lie in the state folder: with the store of its own, and with one elsewhere. */
interface Needed {
  readonly store: string;
  readonly shared: string;
}

async function withState<T>(options: CommonOptions, needed: Needed, use: (open: OpenDesk) => Promise<T>): Promise<T> {
  const state = folderOf(options);
  if (options.store === undefined && options.schema !== undefined) throw new UsageError("--schema goes with --store");
  if (options.store === undefined) {
    await demand(state, needed.store, `no leash has kept state in ${state}: it holds no readable ${needed.store}`);
    return useDesk(options, state, undefined, use);
  }
  await demand(
    state,
    needed.shared,
    `the state folder ${state} holds no readable ${needed.shared}. ` +
      "The keys are not in the database: name the folder of a leash that uses it, or a copy with its keys",
  );
  const store = await opening(openStore(options.store, options));
  try {
    return await useDesk(options, state, store, use);
  } finally {
    await store.close();
  }
}

async function demand(folder: string, name: string, problem: string): Promise<void> {
  try {
    await access(join(folder, name));
  } catch {
    throw new UnreadableError(problem);
  }
}

async function useDesk<T>(
  { passphrase, tenant }: CommonOptions,
  state: string,
  store: Store | undefined,
  use: (open: OpenDesk) => Promise<T>,
): Promise<T> {
  const open = await opening(
    openDesk({
      state,
      approver: operatingSystemUser("cli"),
      ...(tenant === undefined ? {} : { tenant }),
      passphrase: requireVariable(passphrase),
      ...(store === undefined ? {} : { store }),
    }),
  );
  try {
    return await use(open);
  } finally {
    await open.close();
  }
}

function requireVariable(passphrase: string | undefined): string | undefined {
  if (passphrase === undefined || passphrase.startsWith("env:")) return passphrase;
  throw new UsageError("--passphrase takes env:NAME, for the environment variable that holds it");
}

/** What stands in the way of opening is no finding of the command. */
async function opening<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isLeashError(error, "LEASH_CONFIG_INVALID")) throw error;
    throw new UnreadableError(error.message, { cause: error });
  }
}
