import { transform } from "esbuild";
import { defineConfig, type Plugin } from "vitest/config";

/** Vite leaves standard decorators as they are, and Node cannot read them yet. */
const decorators: Plugin = {
  name: "standard-decorators",
  enforce: "pre",
  async transform(code, id) {
    if (!/\.ts$/u.test(id) || !/^\s*@[a-z]\w*[(\s]/mu.test(code)) return undefined;
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
    testTimeout: 30_000,
    reporters: ["default"],
  },
});
