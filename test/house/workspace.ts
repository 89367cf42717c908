import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSource, type Source } from "./source.ts";

/** The folder of this repository. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A text file as the house checks read it. */
export interface TextFile {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** The members of a package.json that the checks look at. */
export interface Manifest {
  /** Folder of the package, relative to the workspace. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Neither ours nor tracked. */
const FOREIGN_FOLDERS = new Set(["node_modules", "dist", "coverage", ".git"]);

/** Machine-made, and full of other people's names. */
const FOREIGN_FILES = new Set(["package-lock.json"]);

const TEXT_ENDING = /\.(?:ts|mts|cts|js|mjs|cjs|json|jsonl|md|ya?ml|txt|sh|patch)$|(?:^|\/)[^./]+$|(?:^|\/)\.[^/]+$/u;

/** All text files of the workspace that belong to the project, in order of their paths. */
export function listTextFiles(root: string = ROOT): readonly TextFile[] {
  const files: TextFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !FOREIGN_FOLDERS.has(entry.name)) visit(path);
      if (entry.isFile() && !FOREIGN_FILES.has(entry.name) && TEXT_ENDING.test(path)) {
        files.push({ path, text: readFileSync(join(root, path), "utf8") });
      }
    }
  };
  visit("");
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The TypeScript among them, parsed. */
export function parseSources(files: readonly TextFile[]): readonly Source[] {
  return files.filter(({ path }) => path.endsWith(".ts")).map(({ path, text }) => parseSource(path, text));
}

/** Manifests of the published packages: core first, then `packages/*`. */
export function readManifests(root: string = ROOT): readonly Manifest[] {
  const folders = ["core", ...readdirSync(join(root, "packages")).map((name) => `packages/${name}`)];
  return folders
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .map((folder) => readManifest(root, folder));
}

/** One package's manifest; the workspace's own where `folder` is the empty string. */
export function readManifest(root: string, folder: string): Manifest {
  const text = readFileSync(join(root, folder, "package.json"), "utf8");
  const stated = JSON.parse(text) as Partial<Omit<Manifest, "folder">>;
  return {
    folder,
    name: stated.name ?? "",
    version: stated.version ?? "",
    exports: stated.exports ?? {},
    dependencies: stated.dependencies ?? {},
    optionalDependencies: stated.optionalDependencies ?? {},
    peerDependencies: stated.peerDependencies ?? {},
    devDependencies: stated.devDependencies ?? {},
  };
}

/** Tests and what only they use: never published. */
export function isTest(path: string): boolean {
  return /\.(?:test|fixture)\.ts$/u.test(path) || /^(?:packages\/[^/]+\/)?test\//u.test(path);
}
