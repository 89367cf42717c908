import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import type { Json } from "../model/json.ts";
import type { Probe } from "./gather.ts";
import { probeRealpath } from "./realpath.ts";
import { resolveHost } from "./resolve.ts";

/** What every guard keeps calls away from. */
export interface OwnPlaces {
  /** Folders with keys, the store and the log. */
  readonly folders: readonly string[];
  /** Ports at which approvals are answered. */
  readonly ports: readonly number[];
}

/**
 * The probes of this process: the system's resolver, its file system, and the leash's own places. Counters are kept elsewhere and
 * are not known here.
 */
export function systemProbe(places: OwnPlaces): Probe {
  const own = describePlaces(places);
  return ({ kind, key }) => {
    if (kind === "resolve") return resolveHost(key);
    if (kind === "realpath") return probeRealpath(key);
    if (kind === "self" && key === "places") return own;
    return null;
  };
}

function describePlaces({ folders, ports }: OwnPlaces): Json {
  const home = homedir();
  return { folders: [...new Set(folders.flatMap((folder) => [folder, realPath(folder)]))], ports: [...ports], home };
}

/** A folder that is not there yet has its plain path only. */
function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
