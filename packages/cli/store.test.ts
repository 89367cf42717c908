import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { sqliteStore } from "@leashkit/core";
import { fakeTerminal } from "@leashkit/core/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { run } from "./index.ts";

/** Nothing listens there. */
const NOWHERE = "postgres://ada:s3cret@127.0.0.1:1/x";

let state: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "leash-cli-store-"));
  await mkdir(join(state, "keys"), { mode: 0o700 });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(state, { recursive: true, force: true });
});

async function command(...argv: readonly string[]) {
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const streams = { stdin: new PassThrough(), stdout: stdout.output, stderr: stderr.output };
  const exit = await run(["--state", state, ...argv], streams);
  expect(stdout.shown() + stderr.shown()).not.toContain("s3cret");
  return { exit, stdout: stdout.shown(), stderr: stderr.shown() };
}

describe("leash --store", () => {
  it.each([
    ["approvals", "list"],
    ["approvals", "show", "K7Q2"],
    ["allowances", "list"],
    ["allowances", "revoke", "id"],
    ["journal", "list"],
    ["journal", "settle", "id", "--done"],
    ["log", "verify"],
  ])("I4: is what `leash %s %s` opens, and a database that does not answer is unreadable", async (...argv) => {
    const refused = await command("--store", NOWHERE, ...argv);
    expect(refused).toMatchObject({ exit: 3, stdout: "" });
    expect(refused.stderr).toMatch(/^leash: The store at 127\.0\.0\.1:1\/x.* \(LEASH_STORE_UNAVAILABLE\)\n$/u);
  });

  it("reads the environment where the value says so, and nowhere else", async () => {
    vi.stubEnv("LEASH_DATABASE", NOWHERE);
    vi.stubEnv("DATABASE_URL", NOWHERE);
    expect((await command("--store", "env:LEASH_DATABASE", "log", "verify")).exit).toBe(3);
    expect((await command("--store", "LEASH_DATABASE", "log", "verify")).exit).toBe(2);
    expect((await command("--store", "$LEASH_DATABASE", "log", "verify")).exit).toBe(2);
    const embedded = await command("log", "verify");
    expect(embedded.stderr).toContain("holds no readable store.db");
  });

  it("I3: refuses to sign with a key that no leash knows, and makes none", async () => {
    for (const answer of [
      ["approve", "K7Q2", "--yes"],
      ["deny", "K7Q2"],
      ["revoke", "K7Q2"],
    ]) {
      const refused = await command("--store", NOWHERE, "approvals", ...answer);
      expect(refused).toMatchObject({ exit: 3, stdout: "" });
      expect(refused.stderr).toContain("keys/approval.json");
    }
    expect(await readdir(join(state, "keys"))).toEqual([]);
  });

  it("goes with --schema, and takes no schema that is no name", async () => {
    expect(await command("--schema", "other", "log", "verify")).toMatchObject({ exit: 2, stdout: "" });
    const wrong = await command("--store", NOWHERE, "--schema", "pg_x", "log", "verify");
    expect(wrong).toMatchObject({ exit: 2, stdout: "" });
    expect(wrong.stderr).toContain("(LEASH_CONFIG_INVALID)");
  });
});

describe("leash without --store", () => {
  it("I4: takes keys that are open to others for unreadable", async () => {
    await (await sqliteStore({ file: join(state, "store.db") })).close();
    await chmod(join(state, "keys"), 0o755);
    const refused = await command("log", "verify");
    expect(refused).toMatchObject({ exit: 3, stdout: "" });
    expect(refused.stderr).toMatch(/open to other users.* \(LEASH_CONFIG_INVALID\)\n$/u);
  });
});
