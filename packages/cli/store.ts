import { isLeashError, LeashError, type Store } from "@leashkit/core";
import type { postgresStore } from "@leashkit/postgres";

import { UsageError } from "./exit.ts";

/** Where a store that several machines share is, as the command line says it. */
export interface StoreOptions {
  /** `postgres://…`, or `env:NAME` for the variable that holds it. */
  readonly store?: string;
  readonly schema?: string;
}

/**
 * Opens the store that `--store` names. What is said of it, in errors too, never holds the address: there is a password in it.
 * @throws {UsageError} for what is no address. @throws {LeashError} `LEASH_CONFIG_INVALID` where `@leashkit/postgres` is not installed,
 * `LEASH_STORE_UNAVAILABLE`.
 */
export async function openStore(stated: string, { schema }: StoreOptions): Promise<Store> {
  const connectionString = addressOf(stated);
  const open = await loadPostgresStore();
  try {
    return await open({ connectionString, ...(schema === undefined ? {} : { schema }) });
  } catch (error) {
    if (isLeashError(error, "LEASH_CONFIG_INVALID")) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

const ADDRESS = /^postgres(?:ql)?:\/\//u;

/** The environment is read only where the value says so. */
function addressOf(stated: string): string {
  const [, name] = /^env:([A-Za-z_][A-Za-z0-9_]*)$/u.exec(stated) ?? [];
  if (name === undefined) {
    if (ADDRESS.test(stated)) return stated;
    throw new UsageError(
      "--store takes postgres://user:password@host/database, or env:NAME for the variable that holds it",
    );
  }
  const address = process.env[name] ?? "";
  if (ADDRESS.test(address)) return address;
  const problem = address === "" ? "is not set" : "holds no postgres:// address";
  throw new UsageError(`--store: the environment variable ${name} ${problem}`);
}

/** Only who names such a store needs the package. */
async function loadPostgresStore(): Promise<typeof postgresStore> {
  try {
    return (await import("@leashkit/postgres")).postgresStore;
  } catch (cause) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "The package @leashkit/postgres is not installed where this command is, so the store was not opened. " +
        "Install it beside @leashkit/cli: npm install @leashkit/postgres; " +
        "or run npx --package @leashkit/cli --package @leashkit/postgres leash …",
      { cause },
    );
  }
}
