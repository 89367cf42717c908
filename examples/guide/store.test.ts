import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// #region suite
import { memoryStore, sqliteStore } from "@leashkit/core";
import { durableStoreCases, storeCases } from "@leashkit/core/testing";
import { afterAll, describe, it } from "vitest";

describe("my store", () => {
  // `memoryStore` stands where yours would. Each call must open a new, empty store that takes its time from `options.clock`.
  for (const each of storeCases) it(each.name, () => each.run(async (options) => memoryStore(options)));
});

describe("my durable store", () => {
  // Here each call of `open` within a case must open the same data again, as another process or a restart would.
  for (const each of durableStoreCases) {
    it(each.name, async () => {
      const file = join(newFolder(), "store.db");
      await each.run({ open: async (options) => sqliteStore({ file, ...options }) });
    });
  }
});
// #endregion

const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-guide-"));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
