import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProcess, type Ended } from "../process.ts";
import type { Tarball } from "./tarballs.ts";

/** A user's project: a folder with nothing of this workspace in it but the tarballs. */
export interface Consumer {
  readonly folder: string;
}

/** What a door lets in at run time, by its specifier. */
export type Exported = Readonly<Record<string, readonly string[]>>;

export interface Versions {
  /** Exact versions of the frameworks that the packages name as peers. */
  readonly peers: Readonly<Record<string, string>>;
  /** As in the workspace: the frameworks' own ranges do not resolve without them. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** Writes the project. Nothing is installed yet. */
export async function createConsumer(
  folder: string,
  tarballs: readonly Tarball[],
  versions: Versions,
): Promise<Consumer> {
  await mkdir(folder, { recursive: true });
  const own = tarballs.map(({ name, path }) => [name, `file:${path}`] as const);
  const manifest = {
    name: "consumer",
    private: true,
    dependencies: { ...Object.fromEntries(own), ...versions.peers },
    overrides: versions.overrides,
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest, null, 2));
  return { folder };
}

/** Installs the project, from npm's cache where it can. */
export function install({ folder }: Consumer): Promise<Ended> {
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"];
  return runProcess("npm", ["install", ...flags], { cwd: folder, timeoutMs: 240_000 });
}

/**
 * Opens doors in a plain `node`, all in one process, and returns what they export.
 * @throws {Error} with what Node printed, when one does not open.
 */
export async function openDoors(
  { folder }: Consumer,
  how: "import" | "require",
  specifiers: readonly string[],
): Promise<Exported> {
  const open = how === "import" ? "await import(specifier)" : "require(specifier)";
  const file = how === "import" ? "open.mjs" : "open.cjs";
  const script = `const doors = {};
for (const specifier of ${JSON.stringify(specifiers)}) doors[specifier] = Object.keys(${open}).sort();
console.log(JSON.stringify(doors));
`;
  await writeFile(join(folder, file), script);
  const ended = await runProcess(process.execPath, [file], { cwd: folder, timeoutMs: 60_000 });
  if (ended.code !== 0) throw new Error(`${how} of ${specifiers.join(", ")} failed:\n${ended.stderr}`);
  return JSON.parse(ended.stdout) as Exported;
}

/**
 * Compiles a project that uses every export of every door, as a strict user does, without this workspace's condition. An
 * export whose declaration is missing, or is `any` because one beneath it is missing, does not compile.
 */
export async function compile({ folder }: Consumer, exported: Exported, compiler: string): Promise<Ended> {
  const doors = Object.entries(exported);
  const uses = doors.flatMap(([, names], door) =>
    names.map(
      (name, index) => `export const use${door}_${index}: Stated<typeof door${door}.${name}> = door${door}.${name};`,
    ),
  );
  const imports = doors.map(([specifier], door) => `import * as door${door} from ${JSON.stringify(specifier)};`);
  const stated = "type Stated<T> = 0 extends 1 & T ? never : T;";
  await writeFile(join(folder, "uses.mts"), [...imports, stated, ...uses, ""].join("\n"));
  const options = { module: "nodenext", target: "es2023", strict: true, noEmit: true, skipLibCheck: true, types: [] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["uses.mts"] }));
  return runProcess(process.execPath, [compiler, "-p", "tsconfig.json"], { cwd: folder, timeoutMs: 60_000 });
}
