import { access } from "node:fs/promises";
import { join } from "node:path";

import { openDesk, type OpenDesk, operatingSystemUser, stateFolder } from "@leashkit/core";

import { UnreadableError, UsageError } from "./exit.ts";

/** The options that every command takes. */
export interface CommonOptions {
  readonly policy?: string;
  readonly state?: string;
  readonly tenant?: string;
  readonly json?: boolean;
}

/** Nothing is guessed from the working folder: a command that approves must not be led elsewhere by a file that lies there. */
function folderOf({ policy, state }: CommonOptions): string {
  if (state !== undefined) return state;
  if (policy !== undefined) return stateFolder(policy);
  throw new UsageError("say which leash: --policy FILE (the policy it runs with) or --state DIR");
}

/** Runs with a desk for the operating-system user on an existing state folder; never makes one. */
export async function withDesk<T>(options: CommonOptions, use: (open: OpenDesk) => Promise<T>): Promise<T> {
  const state = folderOf(options);
  try {
    await access(join(state, "store.db"));
  } catch {
    throw new UnreadableError(`no leash has kept state in ${state}: it holds no readable store.db`);
  }
  const tenant = options.tenant === undefined ? {} : { tenant: options.tenant };
  const open = await openDesk({ state, approver: operatingSystemUser("cli"), ...tenant });
  try {
    return await use(open);
  } finally {
    await open.close();
  }
}
