import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { defineConfig, type Plugin } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const ROOT = fileURLToPath(new URL(".", import.meta.url));
const FOLDERS = ["core", "packages", "test", "examples"];

/**
 * What takes longest: started last, one of them would run alone at the end. Those that start many processes come before all
 * others, so that they do not disturb the tests that measure time; those that may share a worker stand together.
 */
const LONGEST = [
  "packages/langchain/test/kill.test.ts",
  "examples/examples.test.ts",
  "test/packaging.test.ts",
  "examples/guide/guide.test.ts",
  "examples/demo/demo.test.ts",
  "test/torture/kill-loop.test.ts",
  "packages/llamaindex/test/restart.test.ts",
  "test/property/evaluation-language.test.ts",
  "test/binding/openai.test.ts",
  "test/property/evaluation.test.ts",
  "test/binding/llamaindex.test.ts",
  "test/binding/langchain.test.ts",
  "packages/hello/binding.test.ts",
  "core/testing/binding/reference.test.ts",
];

/** They start the programs, or use the server, that `test/setup/surroundings.ts` makes. */
const IN_SURROUNDINGS = /\binject\("(?:children|postgres)"\)/u;

/**
 * What reaches beyond a file's own objects: doubles of what all share, the process and its streams, other processes,
 * simulated worlds, which take the place of all timers: also of those that an earlier file left behind.
 */
const REACHES_OUT =
  /\bvi\.(?:mock|doMock|hoisted|resetModules|useFakeTimers|stub\w+|spyOn\((?:process|console|globalThis|Date|stream|Object)\b)|\bprocess\.(?:on|once|off|removeAllListeners|listeners|umask|chdir|cwd|env|argv|stdout|stderr|exitCode)\b|\bglobalThis\b|\bnode:(?:child_process|worker_threads)\b|Warning|\b(?:simulate|runSeeds)\(/u;

/** The files that need those, and those that need not run in a process of their own. */
function sortFiles(): { readonly inSurroundings: readonly string[]; readonly together: readonly string[] } {
  const inSurroundings: string[] = [];
  const together: string[] = [];
  for (const folder of FOLDERS.filter((name) => existsSync(join(ROOT, name)))) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })) {
      const path = [folder, ...name.split(sep)];
      if (!name.endsWith(".test.ts") || path.includes("node_modules") || path.includes("dist")) continue;
      const text = readFileSync(join(ROOT, ...path), "utf8");
      if (IN_SURROUNDINGS.test(text)) inSurroundings.push(path.join("/"));
      else if (!REACHES_OUT.test(text)) together.push(path.join("/"));
    }
  }
  return { inSurroundings, together };
}

const { inSurroundings, together } = sortFiles();

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification): number => {
      const listed = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`));
      // Workers are handed on only between neighbours of one kind.
      return listed === -1 ? LONGEST.length + ["in-surroundings", "alone", "together"].indexOf(project.name) : listed;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

/** Vite leaves standard decorators as they are, and Node cannot read them yet. */
const decorators: Plugin = {
  name: "standard-decorators",
  enforce: "pre",
  async transform(code, id) {
    if (!id.endsWith(".ts") || !/^\s*@[a-z]\w*[(\s]/mu.test(code)) return undefined;
    return transform(code, { loader: "ts", target: "es2023", sourcefile: id, sourcemap: true });
  },
};

export default defineConfig({
  plugins: [decorators],
  resolve: { conditions: ["leashkit:source"] },
  ssr: { resolve: { conditions: ["leashkit:source"] } },
  test: {
    // Many tests wait, for processes of their own and for the disk: one more than there are cores keeps all of them busy.
    maxWorkers: availableParallelism() + 1,
    // Tests that run at the same time start processes: more of them than this would only keep each other waiting.
    maxConcurrency: 3,
    testTimeout: 30_000,
    reporters: ["default"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: "in-surroundings", include: [...inSurroundings], globalSetup: "test/setup/surroundings.ts" },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: FOLDERS.map((folder) => `${folder}/**/*.test.ts`),
          exclude: ["**/node_modules/**", "**/dist/**", ...inSurroundings, ...together],
        },
      },
      // Most files keep to themselves: together they load core and the frameworks once, which took longer than their tests.
      { extends: true, test: { name: "together", include: [...together], isolate: false } },
    ],
  },
});
