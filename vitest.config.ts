import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["leashkit:source"] },
  ssr: { resolve: { conditions: ["leashkit:source"] } },
  test: {
    include: ["core/**/*.test.ts", "packages/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 30_000,
    reporters: ["default"],
  },
});
