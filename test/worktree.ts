import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";

/** A copy of the workspace that can be built and broken without touching the original. */
export interface Worktree {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Neither sources nor of any use in a copy. */
const LEFT_OUT = new Set(["node_modules", "dist", "coverage", ".git"]);

/** Caches of tools inside node_modules that a copy must not share. */
const isCache = (name: string): boolean => name.startsWith(".") && name !== ".bin";

/**
 * Copies the sources of a workspace to a temporary folder. Its `node_modules` is a folder of its own: foreign packages are
 * links to the original ones, the workspace's packages are links into the copy, so that nothing in it reads the original's
 * sources.
 */
export async function copyWorkspace(root: string): Promise<Worktree> {
  const original = await realpath(root);
  const folder = await realpath(await mkdtemp(join(tmpdir(), "leashkit-worktree-")));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await cp(original, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    await linkModules(original, folder, "node_modules");
    for (const place of await packageFolders(original))
      await linkModules(original, folder, join(place, "node_modules"));
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}

async function packageFolders(root: string): Promise<readonly string[]> {
  const packages = existsSync(join(root, "packages")) ? await readdir(join(root, "packages")) : [];
  return ["core", ...packages.map((name) => join("packages", name))];
}

async function linkModules(original: string, copy: string, place: string): Promise<void> {
  if (!existsSync(join(original, place))) return;
  await mkdir(join(copy, place), { recursive: true });
  for (const name of await readdir(join(original, place))) {
    if (name.startsWith("@")) {
      await mkdir(join(copy, place, name));
      for (const scoped of await readdir(join(original, place, name))) {
        await linkModule(original, copy, join(place, name, scoped));
      }
    } else if (!isCache(name)) {
      await linkModule(original, copy, join(place, name));
    }
  }
}

async function linkModule(original: string, copy: string, path: string): Promise<void> {
  const target = await realpath(join(original, path));
  const inside = relative(original, target);
  const ours = !inside.startsWith("..") && !inside.split("/").includes("node_modules");
  await symlink(ours ? join(copy, inside) : target, join(copy, path));
}
