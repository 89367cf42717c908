import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { sha256Hex } from "./digest.ts";

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
  const stated = process.env["XDG_STATE_HOME"];
  const base = stated !== undefined && isAbsolute(stated) ? stated : join(homedir(), ".local", "state");
  return join(base, "leashkit", sha256Hex(realPath(policyPath)));
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
