import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Programs that a plain `node` runs. */
export interface Programs<Source extends string> {
  /** Where each stands compiled, by its source. */
  readonly paths: Readonly<Record<Source, string>>;
  /** Removes them all. */
  readonly remove: () => Promise<void>;
}

/** Only our own sources are compiled; every foreign package is the installed one, found as ever. */
const foreignPackages: Plugin = {
  name: "foreign-packages",
  setup(plugin) {
    plugin.onResolve({ filter: /^[^.]/ }, ({ kind, path }) =>
      kind === "entry-point" || path.startsWith("@leashkit/") ? undefined : { path, external: true },
    );
  },
};

/**
 * Compiles programs once, into a temporary folder. Started by `--import tsx`, each process would compile them again, and pass
 * every file of every framework through tsx: that takes three times as long as what most of them do.
 * @param sources paths from the root of the repository.
 */
export async function compilePrograms<Source extends string>(sources: readonly Source[]): Promise<Programs<Source>> {
  const folder = await mkdtemp(join(tmpdir(), "leashkit-programs-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
    await build({
      absWorkingDir: ROOT,
      entryPoints: [...sources],
      outbase: ".",
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20",
      conditions: ["leashkit:source"],
      plugins: [foreignPackages],
      sourcemap: "inline",
      logLevel: "warning",
    });
  } catch (error) {
    await remove();
    throw error;
  }
  const paths = sources.map((source) => [source, join(folder, source.replace(/\.ts$/u, ".mjs"))] as const);
  // The entries are made of the very sources that the type names.
  return { paths: Object.fromEntries(paths) as Record<Source, string>, remove };
}

/** Compiles one program, by its path from the root of the repository, for as long as the work takes. */
export async function withProgram<Result>(source: string, work: (program: string) => Promise<Result>): Promise<Result> {
  const { paths, remove } = await compilePrograms([source]);
  try {
    return await work(paths[source] ?? "");
  } finally {
    await remove();
  }
}
