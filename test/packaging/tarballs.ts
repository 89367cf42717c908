import { join } from "node:path";
import { runProcess, type Ended } from "../process.ts";

/** A packed package. */
export interface Tarball {
  readonly name: string;
  /** Folder of the package, relative to the workspace. */
  readonly folder: string;
  /** The archive. */
  readonly path: string;
  /** Paths in it, without their leading `package/`. */
  readonly files: readonly string[];
}

/** One code door as a user writes it: `@leashkit/core/testing`. */
export interface Door {
  readonly specifier: string;
  readonly types: string;
  readonly code: string;
}

type Targets = string | Readonly<Record<string, string>>;

/** The doors of a package that lead to code. */
export function codeDoors(name: string, exports: Readonly<Record<string, Targets>>): readonly Door[] {
  return Object.entries(exports).flatMap(([key, target]) =>
    typeof target === "string"
      ? []
      : [{ specifier: name + key.slice(1), types: target["types"] ?? "", code: target["default"] ?? "" }],
  );
}

/**
 * Packs one package as `npm publish` would.
 * @throws {Error} with what npm printed, when it fails.
 */
export async function pack(root: string, folder: string, destination: string): Promise<Tarball> {
  const parameters = ["pack", "--json", "--ignore-scripts", "--pack-destination", destination];
  const ended = await runProcess("npm", parameters, { cwd: join(root, folder), timeoutMs: 60_000 });
  if (ended.code !== 0) throw new Error(`npm pack failed in ${folder}:\n${ended.stdout}\n${ended.stderr}`);
  const [packed] = Object.values(JSON.parse(ended.stdout) as Readonly<Record<string, Packed>>);
  if (packed === undefined) throw new Error(`npm pack printed nothing in ${folder}`);
  return {
    name: packed.name,
    folder,
    path: join(destination, packed.filename),
    files: packed.files.map(({ path }) => path).toSorted(),
  };
}

/** What `npm pack --json` prints for a package. */
interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Everything wrong with what a tarball holds. */
export function checkContents(
  { name, files }: Pick<Tarball, "name" | "files">,
  manifest: { readonly exports: Readonly<Record<string, Targets>>; readonly bin?: Readonly<Record<string, string>> },
): readonly string[] {
  const has = (path: string): boolean => files.includes(path.replace(/^\.\//u, ""));
  const doors = codeDoors(name, manifest.exports).flatMap(({ types, code }) => [types, code]);
  const data = Object.values(manifest.exports).filter((target) => typeof target === "string");
  const wanted = ["LICENSE", "README.md", "package.json", ...doors, ...data, ...Object.values(manifest.bin ?? {})];
  return [
    ...wanted.filter((path) => !has(path)).map((path) => `${name} lacks ${path}`),
    ...files.filter((path) => isUnwanted(path)).map((path) => `${name} must not hold ${path}`),
  ];
}

/** Tests, sources (their compiled form and their declarations are there) and what the compiler keeps for itself. */
function isUnwanted(path: string): boolean {
  const test = /\.(?:test|fixture)\.(?:[cm]?[jt]s|d\.ts)$|(?:^|\/)tests?\//u.test(path);
  return test || (path.endsWith(".ts") && !path.endsWith(".d.ts")) || path.endsWith(".tsbuildinfo");
}

/** Words of npm for "the registry was not reached", as opposed to "what it gave does not fit". */
const UNREACHABLE =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|UND_ERR_CONNECT_TIMEOUT)\b/u;

/** Why an installation could not even be tried, or undefined where it was. */
export function unreachable({ code, stderr }: Ended): string | undefined {
  if (code === 0) return undefined;
  const found = UNREACHABLE.exec(stderr)?.[0];
  return found === undefined ? undefined : `the package registry cannot be reached (${found})`;
}
