import { builtinModules } from "node:module";
import { posix } from "node:path";
import { findReferences, lineAt, type Reference, type Source } from "./source.ts";
import { isTest, type Manifest } from "./workspace.ts";

/** Doors of core that a published file of another package may use, and those that its tests may use as well. */
export const CORE_DOORS: readonly string[] = ["@leashkit/core", "@leashkit/core/remote", "@leashkit/core/store"];
export const CORE_TEST_DOORS: readonly string[] = ["@leashkit/core/testing"];

/** The packages that may import a sibling, and which. */
export const SIBLINGS: Readonly<Record<string, readonly string[]>> = {
  "packages/cli": ["@leashkit/postgres", "@leashkit/server", "@leashkit/mcp", "@leashkit/desk"],
};

/** Agent frameworks and model vendors. Core knows none of them, so that it can serve all of them. */
export const FRAMEWORKS =
  /lang-?(?:chain|graph|smith)|llama-?index|open-?ai\b|anthropic|\bclaude\b|\bgemini\b|mastra|crew-?ai|autogen\b|copilot|bedrock|vercel|semantic-kernel|pydantic/iu;

/** `@scope/name/deep` and `name/deep` without what follows the package's name. */
export function packageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Core names no framework, not in code, in strings nor in comments. */
export function checkFrameworkNames(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(({ path }) => path.startsWith("core/"))
    .flatMap(({ path, text }) =>
      [...text.matchAll(new RegExp(FRAMEWORKS, "giu"))].map(
        (match) => `${path}:${lineAt(text, match.index)}: core names the framework or vendor "${match[0]}"`,
      ),
    );
}

/**
 * Every import of a package is one it may make: its own files, what its manifest declares, core by its doors. Tests may also
 * use what the workspace installs for development. `workspace` is the manifest at the root.
 */
export function checkImports(
  sources: readonly Source[],
  manifests: readonly Manifest[],
  workspace: Manifest,
): readonly string[] {
  return manifests.flatMap((manifest) =>
    sources
      .filter(({ path }) => path.startsWith(`${manifest.folder}/`))
      .flatMap((source) =>
        findReferences(source).flatMap((reference) => {
          const problem = problemOf(reference, source.path, manifest, workspace);
          return problem === undefined ? [] : [`${source.path}:${reference.line}: ${problem}`];
        }),
      ),
  );
}

function problemOf(
  { specifier }: Reference,
  path: string,
  manifest: Manifest,
  workspace: Manifest,
): string | undefined {
  if (specifier === null) return isTest(path) ? undefined : "an import computed at run time cannot be checked";
  if (specifier.startsWith("node:")) return undefined;
  if (builtinModules.includes(specifier)) return `write node:${specifier}`;
  if (specifier.startsWith(".")) return relativeProblem(specifier, path, manifest);
  const name = packageName(specifier);
  if (name.startsWith("@leashkit/")) return ownProblem(specifier, path, manifest);
  if (name in declared(manifest) || (isTest(path) && name in workspace.devDependencies)) return undefined;
  return `${name} is not declared in ${manifest.folder}/package.json`;
}

function relativeProblem(specifier: string, path: string, manifest: Manifest): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  if (!target.startsWith(`${manifest.folder}/`)) return `${specifier} leaves the package; use its door`;
  return /\.(?:ts|json)$/u.test(specifier) ? undefined : `${specifier} needs its ending .ts`;
}

function ownProblem(specifier: string, path: string, manifest: Manifest): string | undefined {
  if (manifest.folder === "core") return "core imports its own files by relative paths and no other package of ours";
  const doors = isTest(path) ? [...CORE_DOORS, ...CORE_TEST_DOORS] : CORE_DOORS;
  if (doors.includes(specifier) || SIBLINGS[manifest.folder]?.includes(specifier)) return undefined;
  if (packageName(specifier) === "@leashkit/core") return `${specifier} is not a door of core for this file`;
  return `${manifest.folder} must not import its sibling ${specifier}`;
}

function declared(manifest: Manifest): Readonly<Record<string, string>> {
  return { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
}
