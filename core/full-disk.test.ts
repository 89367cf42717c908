import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;
if (!canLimit) console.info("Skipped for want of the program prlimit: A-S4 on a disk that takes only a part of a file");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-full-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the program prints where a file may have 32 bytes: so much a first write takes, and the next one nothing. */
async function printedOnFullDisk(program: string): Promise<string> {
  const tsx = [process.execPath, "--import", "tsx", "--input-type=module", "--eval", program];
  const options = {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { ...process.env, TSX_DISABLE_CACHE: "1" },
  };
  // Pipes have no size, so that what is printed is not cut.
  const { stdout } = await promisify(execFile)("prlimit", ["--fsize=32", ...tsx], options);
  return stdout;
}

const source = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

describe.skipIf(!canLimit)("A-S4: a disk that takes only a part of a file", () => {
  it("leaves neither half a key for redaction nor half a lock", async () => {
    const printed = await printedOnFullDisk(`
      import { randomBytes } from "node:crypto";
      import { redactionKey } from ${source("./recording/redaction-key.ts")};
      import { lockFile } from ${source("./audit/sinks/file-lock.ts")};
      const codeOf = (error) => error.code;
      const key = await Promise.resolve().then(redactionKey(${JSON.stringify(folder)}, randomBytes)).catch(codeOf);
      const lock = await lockFile(${JSON.stringify(join(folder, "lock"))}).catch(codeOf);
      process.stdout.write(JSON.stringify([key, lock]));
    `);
    expect(JSON.parse(printed)).toEqual(["LEASH_CONFIG_INVALID", "LEASH_STORE_UNAVAILABLE"]);
    expect(readdirSync(folder)).toEqual([]);
  });
});
