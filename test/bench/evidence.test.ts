import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryKeyRing, memoryStore } from "@leashkit/core";
import { fakeClock, seededRandom } from "@leashkit/core/testing";
import { fill, readStoredPlainly, verifyStored } from "./evidence/stored.ts";
import { readPlainly, readVerified, writeLog } from "./evidence/reading.ts";

const RECORDS = 1_203;

describe("the evidence bench", () => {
  let folder = "";
  let file = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "leashkit-bench-"));
    file = join(folder, "log.jsonl");
    await writeLog(file, RECORDS);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("compares two ways of reading that both see every line", async () => {
    expect(await readPlainly(file)).toBe(RECORDS);
    expect(await readVerified(file)).toBe(RECORDS);
  });

  it("compares two ways of reading a stored log that both see every line, of which one can fail", async () => {
    const keys = memoryKeyRing({ clock: fakeClock(), random: seededRandom(1) });
    const store = memoryStore();
    await fill(store, keys, RECORDS);
    expect(await readStoredPlainly(store)).toBe(RECORDS);
    expect(await verifyStored(store, keys)).toBe(RECORDS);
    const others = memoryKeyRing({ clock: fakeClock(), random: seededRandom(2) });
    others.signer("checkpoint");
    await expect(verifyStored(store, others)).rejects.toThrow("The log does not hold");
  });

  it("verifies a log that can fail", async () => {
    const changed = join(folder, "changed.jsonl");
    writeFileSync(changed, readFileSync(file, "utf8").replace('"actor_id":"shopper"', '"actor_id":"stopper"'));
    expect(await readPlainly(changed)).toBe(RECORDS);
    await expect(readVerified(changed)).rejects.toThrow("line 1 of the file");
  });
});
