import { availableParallelism } from "node:os";
import { transform } from "esbuild";
import { defineConfig, type Plugin } from "vitest/config";

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
    include: ["core/**/*.test.ts", "packages/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Many tests wait for processes of their own: two at a time are twice as fast, also on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    reporters: ["default"],
  },
});
