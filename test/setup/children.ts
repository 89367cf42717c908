import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import type { TestProject } from "vitest/node";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Programs that tests start, and kill, as processes of their own; and examples of the guides, which print what these say. */
const CHILDREN = [
  "core/store/commit-until-killed.fixture.ts",
  "packages/langchain/test/kill-child.ts",
  "packages/llamaindex/test/life.ts",
  "packages/openai/loop.fixture.ts",
  "packages/postgres/child.fixture.ts",
  "test/torture/cap-worker.ts",
  "test/torture/kill-worker.ts",
  "test/torture/race-worker.ts",
  "examples/guide/defer.ts",
  "examples/guide/evidence.ts",
  "examples/guide/interrupt.ts",
  "examples/guide/leashed.ts",
  "examples/guide/loop.ts",
  "examples/guide/obligations.ts",
  "examples/guide/policy.ts",
  "examples/postgres/agent.ts",
  "examples/postgres/answer.ts",
  "examples/openai/cut-short.ts",
  "examples/openai/defer.ts",
  "examples/openai/responses.ts",
  "examples/openai/runner.ts",
  "examples/openai/stream.ts",
] as const;

type Compiled = Readonly<Record<(typeof CHILDREN)[number], string>>;

declare module "vitest" {
  interface ProvidedContext {
    /** Where each program stands compiled, by its source. A plain `node` runs it. */
    children: Compiled;
  }
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
 * Compiles the programs once. Started by `--import tsx`, each process would compile them again, and pass every file of every
 * framework through tsx: that takes three times as long as what the tests are about.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "leashkit-children-"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  await build({
    absWorkingDir: ROOT,
    entryPoints: [...CHILDREN],
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
  const compiled = CHILDREN.map((source) => [source, join(folder, source.replace(/\.ts$/u, ".mjs"))] as const);
  project.provide("children", Object.fromEntries(compiled) as Compiled);
  return () => rm(folder, { recursive: true, force: true });
}
