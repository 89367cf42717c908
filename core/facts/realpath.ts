import type { Stats } from "node:fs";
import { lstat, readlink, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import type { Json } from "../model/json.ts";

export interface RealpathOptions {
  /** What relative paths are relative to. Default: the working folder of the process. */
  readonly cwd?: string;
  /** Milliseconds until the answer is null: a file system may hang. Default 1,000. */
  readonly timeoutMs?: number;
}

/** Folders that need not exist yet, and links in a row that lead nowhere. Linux follows 40 links. */
const MOST_STEPS = 64;

/**
 * Answers the need `realpath:<path>`: where the path leads once every symbolic link is followed, also a last one that leads to
 * something missing. Of a path that does not exist, the real path of its deepest existing folder and the rest. Never throws,
 * expands no `~`, changes nothing.
 *
 * @returns `{ path, kind: "file" | "folder" | "other" | "missing", links }`; null where it cannot be had: a loop of links, no
 * right to look, a file used as a folder, `..` below something missing, or no answer in time.
 * @example await probeRealpath("/tmp/notes.md") // { path: "/private/tmp/notes.md", kind: "file", links: 1 }
 */
export async function probeRealpath(path: string, options: RealpathOptions = {}): Promise<Json> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, options.timeoutMs ?? 1000, null);
  });
  try {
    return await Promise.race([follow(path, options.cwd ?? process.cwd()), late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function follow(path: string, cwd: string): Promise<Json> {
  if (path === "") return null;
  // Joined as texts: `..` after a link must be taken from where the link leads.
  let current = isAbsolute(path) ? path : `${cwd}/${path}`;
  const missing: string[] = [];
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const real = await unlessMissing(realpath(current));
    if (real !== undefined) return describePath(real, missing);
    const link = await targetOf(current);
    if (link !== undefined) {
      current = isAbsolute(link) ? link : `${dirname(current)}/${link}`;
      continue;
    }
    const name = basename(current);
    if (name === "..") return null;
    if (name !== ".") missing.unshift(name);
    current = dirname(current);
  }
  return null;
}

async function describePath(real: string, missing: readonly string[]): Promise<Json> {
  if (missing.length === 0) {
    const found = await lstat(real);
    return { path: real, kind: kindOf(found), links: found.nlink };
  }
  return { path: join(real, ...missing), kind: "missing", links: 0 };
}

function kindOf(found: Stats): "file" | "folder" | "other" {
  if (found.isFile()) return "file";
  return found.isDirectory() ? "folder" : "other";
}

/** Where a symbolic link leads; undefined for what is none, or is not there. */
async function targetOf(path: string): Promise<string | undefined> {
  const found = await unlessMissing(lstat(withoutSlash(path)));
  return found?.isSymbolicLink() === true ? readlink(withoutSlash(path)) : undefined;
}

/** A slash at the end would make the system follow the link that is asked about. */
function withoutSlash(path: string): string {
  return `${dirname(path)}/${basename(path)}`;
}

async function unlessMissing<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
