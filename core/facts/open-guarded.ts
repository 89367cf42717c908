import { constants } from "node:fs";
import { type FileHandle, open, readlink } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { LeashError, NoEffect } from "../errors.ts";
import type { Json } from "../model/json.ts";
import type { Refusal } from "../policy/guards/guard.ts";
import { pathGuard, type PathOptions } from "../policy/guards/paths.ts";
import { probeRealpath } from "./realpath.ts";

export interface OpenGuardedOptions {
  /** What the policy says of the path; `path` itself is not used. */
  readonly rules: PathOptions;
  /** The answer to the need `self:places`. */
  readonly places: Json;
  /** `read` an existing file, `write` it anew or create it, `append` to it or create it. Default `read`. */
  readonly access?: "read" | "write" | "append";
}

const ACCESS = {
  read: constants.O_RDONLY,
  write: constants.O_WRONLY | constants.O_CREAT,
  append: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
} as const;

/** Never follows a link that was put there meanwhile, and never waits for the other end of a pipe. */
const CAREFUL = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a file for a tool so that what was checked is what is opened, whatever happens to folders and links in between: its
 * folder is opened first and must be the one that was checked, the file is opened within that folder, and the guard then looks
 * at the open file. New files get mode 0666 less the umask.
 *
 * Linux only, which alone says where an open file lies.
 *
 * @returns a handle that the caller must close.
 * @throws {NoEffect} when the guard refuses the path, or the path leads elsewhere than when it was checked.
 * @throws {LeashError} `LEASH_TOOL_UNSUPPORTED` on other systems.
 * @throws what the system says of a file that cannot be opened.
 * @example
 * await using file = await openGuarded(input.path, { rules: { allowedPaths: ["/workspace/**"] }, places, access: "write" });
 */
export async function openGuarded(path: string, options: OpenGuardedOptions): Promise<FileHandle> {
  if (process.platform !== "linux") {
    throw new LeashError(
      "LEASH_TOOL_UNSUPPORTED",
      "openGuarded needs Linux: no other system says where an open file lies.",
    );
  }
  const guard = pathGuard({ ...options.rules, path: "input.path" });
  const key = guard.needs({ path }).find(({ kind }) => kind === "realpath")?.key;
  const check = (answer: Json): Refusal | undefined =>
    guard.check({ path }, { "self:places": options.places, [`realpath:${key ?? path}`]: answer });
  const answer = key === undefined ? null : await probeRealpath(key);
  const real = realOf(answer);
  refuse(check(answer)?.code ?? (real === undefined ? "realpath_unknown" : undefined));
  return openWithin(real ?? "", options.access ?? "read", check);
}

async function openWithin(
  real: string,
  access: keyof typeof ACCESS,
  check: (answer: Json) => Refusal | undefined,
): Promise<FileHandle> {
  const folder = await open(dirname(real), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    refuse((await locationOf(folder)) === dirname(real) ? undefined : "path_changed");
    const file = await open(`/proc/self/fd/${folder.fd}/${basename(real)}`, ACCESS[access] | CAREFUL);
    try {
      const found = await file.stat();
      const kind = found.isFile() ? "file" : "other";
      refuse(check({ path: real, kind, links: found.nlink })?.code);
      if (access === "write") await file.truncate(0);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  } finally {
    await folder.close();
  }
}

/** Where an open file lies now, whatever path it was opened by. */
async function locationOf(handle: FileHandle): Promise<string> {
  return readlink(`/proc/self/fd/${handle.fd}`);
}

function realOf(answer: Json): string | undefined {
  if (typeof answer !== "object" || answer === null || !("path" in answer)) return undefined;
  return typeof answer.path === "string" ? answer.path : undefined;
}

function refuse(code: string | undefined): void {
  if (code !== undefined) throw new NoEffect(`The path was refused when it was used: ${code}.`);
}
