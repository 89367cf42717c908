import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLeash, type Leash, type Store } from "@leashkit/core";
import { postgresStore } from "@leashkit/postgres";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { freshSchema, PASSWORD, sharedServer } from "../../packages/postgres/server.fixture.ts";
import { plainEnvironment } from "../process.ts";
import { compilePrograms, type Programs } from "../setup/compile.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = "packages/cli/main.ts";
const POLICY = `leash: 1
rules:
  - { id: mail, action: mail, effect: approve, approval: { again: { uses: 3, for: 8h, vary: [input.text], session: false } } }
  - { id: buy, action: buy, effect: allow }`;

const server = sharedServer(inject("postgres"));
if (server === undefined) console.info("Skipped for want of a server: the command over PostgreSQL");
const connectionString = server?.connectionString ?? "";

let programs: Programs<typeof MAIN>;
let folder: string;
let state: string;
let schema: string;
let store: Store;
let leash: Leash;

beforeAll(async () => {
  programs = await compilePrograms([MAIN]);
}, 60_000);

afterAll(async () => {
  await programs.remove();
  await server?.stop();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leash-cli-postgres-"));
  state = join(folder, "state");
  schema = freshSchema();
  if (server === undefined) return;
  store = await postgresStore({ connectionString, schema });
  leash = await createLeash({ policy: { text: POLICY }, store, state, notify: [] });
  for (const id of ["mail", "buy"]) leash.register({ id });
});

afterEach(async () => {
  if (server !== undefined) {
    await leash.close();
    await store.close();
  }
  await rm(folder, { recursive: true, force: true });
});

/** Runs the command to its end, as a process of its own. */
function runProgram(program: string, argv: readonly string[]) {
  return new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [program, ...argv], {
      env: { ...plainEnvironment(), LEASH_DATABASE: connectionString, LEASH_WRONG: wrongPassword(), LEASH_EMPTY: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    child.once("close", (code) => resolve({ code, ...output }));
  });
}

function wrongPassword(): string {
  const address = new URL(connectionString === "" ? "postgres://127.0.0.1:1/x" : connectionString);
  address.password = `wrong${encodeURIComponent(PASSWORD)}`;
  return address.href;
}

async function command(...argv: readonly string[]) {
  const program = programs.paths[MAIN];
  const ended = await runProgram(program, [
    "--state",
    state,
    "--store",
    "env:LEASH_DATABASE",
    "--schema",
    schema,
    ...argv,
  ]);
  expectNoPassword(ended);
  return ended;
}

function expectNoPassword({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): void {
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(stdout + stderr).not.toContain(secret);
}

/** `sent`, or the code of what came instead. */
const send = (text: string): Promise<unknown> =>
  leash
    .guard({ tool: "mail", input: { to: "ann", text }, scope: "thread", callId: text }, () => "sent", {
      pause: "defer",
    })
    .catch((error: { readonly code?: string }) => error.code);

async function refOfOnly(): Promise<string> {
  const [approval] = await leash.desk({ id: "test" }).pending();
  return approval?.ref ?? expect.fail("nothing waits");
}

describe.skipIf(server === undefined)("leash over PostgreSQL", () => {
  it("I2: lists, shows and approves what waits, which then runs", async () => {
    expect(await send("one")).toBe("LEASH_PENDING");
    const ref = await refOfOnly();
    expect((await command("approvals", "list")).stdout).toContain(ref);
    const shown = await command("approvals", "show", ref);
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toContain('"text": "one"');
    expect(await command("approvals", "approve", ref, "--yes", "--again")).toMatchObject({ code: 0, stderr: "" });
    expect(await send("one")).toBe("sent");
    expect(await send("two")).toBe("sent");
    const allowances = await command("allowances", "list", "--json");
    const { id, used } = JSON.parse(allowances.stdout) as { readonly id: string; readonly used: number };
    expect(used).toBe(1);
    expect((await command("allowances", "revoke", id)).code).toBe(0);
    expect(await send("three")).toBe("LEASH_PENDING");
    expect((await command("approvals", "deny", await refOfOnly(), "--reason", "enough")).code).toBe(0);
    expect(await send("three")).toBe("LEASH_DENIED");
  }, 60_000);

  it("settles what became of a call, and verifies the log", async () => {
    const controller = new AbortController();
    const cut = (): never => {
      controller.abort();
      throw new Error("cut off");
    };
    const call = { tool: "buy", input: {}, scope: "thread", callId: "1" };
    await leash.guard(call, cut, { signal: controller.signal }).catch(() => undefined);
    const listed = await command("journal", "list", "--json");
    expect(listed.code).toBe(1);
    const { action_id: id } = JSON.parse(listed.stdout) as { readonly action_id: string };
    expect((await command("journal", "settle", id, "--not-done")).code).toBe(0);
    expect(await leash.guard(call, () => "bought")).toBe("bought");
    expect((await command("log", "verify")).stdout).toMatch(/^The log holds: [1-9]/u);
  }, 60_000);

  it("I3: signs no answer with a key that the leash does not know", async () => {
    await send("one");
    const stranger = join(folder, "stranger");
    await mkdir(join(stranger, "keys"), { recursive: true, mode: 0o700 });
    const [ref, program] = [await refOfOnly(), programs.paths[MAIN]];
    const at = ["--state", stranger, "--store", "env:LEASH_DATABASE", "--schema", schema] as const;
    for (const answer of [
      ["approve", ref, "--yes"],
      ["deny", ref],
      ["revoke", ref],
    ]) {
      const refused = await runProgram(program, [...at, "approvals", ...answer]);
      expect(refused).toMatchObject({ code: 3, stdout: "" });
      expect(refused.stderr).toContain("holds no readable keys/approval.json");
    }
    expect(await readdir(join(stranger, "keys"))).toEqual([]);
    expect(await refOfOnly()).toBe(ref);
  }, 60_000);

  it("makes no state folder, and says that the keys are elsewhere", async () => {
    const none = join(folder, "none");
    const at = ["--state", none, "--store", "env:LEASH_DATABASE"];
    const refused = await runProgram(programs.paths[MAIN], [...at, "approvals", "list"]);
    expect(refused).toMatchObject({ code: 3, stdout: "" });
    expect(refused.stderr).toContain("The keys are not in the database");
    expect(await readdir(folder)).toEqual(["state"]);
  });

  it("A-A26: shows no password, whatever is wrong with the address", async () => {
    const program = programs.paths[MAIN];
    const password = encodeURIComponent(PASSWORD);
    const wrong: readonly (readonly [address: string, code: number])[] = [
      ["env:LEASH_WRONG", 3],
      [`postgres://ada:${password}@127.0.0.1:1/x`, 3],
      [`postgres://ada:${PASSWORD}@127.0.0.1:1/x`, 2],
      [`mysql://ada:${password}@127.0.0.1/x`, 2],
      [`env:postgres://ada:${password}@127.0.0.1/x`, 2],
      ["env:LEASH_NOT_SET", 2],
      ["env:LEASH_EMPTY", 2],
      ["", 2],
    ];
    for (const [address, code] of wrong) {
      const ended = await runProgram(program, ["--state", state, "--store", address, "approvals", "list"]);
      expect(ended, address).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(/^leash: .+\n$/u) });
      expectNoPassword(ended);
    }
  }, 60_000);
});

describe("leash --store where @leashkit/postgres is not installed", () => {
  it("says with a code what to install, exit 3", async () => {
    const installed = join(folder, "installed");
    await mkdir(join(installed, "node_modules"), { recursive: true });
    await mkdir(join(state, "keys"), { recursive: true, mode: 0o700 });
    for (const name of await readdir(join(ROOT, "node_modules"))) {
      if (name === "@leashkit" || name.startsWith(".")) continue;
      await symlink(join(ROOT, "node_modules", name), join(installed, "node_modules", name));
    }
    await build({
      absWorkingDir: ROOT,
      entryPoints: [MAIN],
      outfile: join(installed, "main.mjs"),
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      conditions: ["leashkit:source"],
      external: [
        "@leashkit/postgres",
        ...(await readdir(join(ROOT, "node_modules"))).filter((name) => !/^[.@]leash/u.test(name)),
      ],
      logLevel: "warning",
    });
    const address = "postgres://ada:secret@127.0.0.1/x";
    const ended = await runProgram(join(installed, "main.mjs"), [
      "--state",
      state,
      "--store",
      address,
      "log",
      "verify",
    ]);
    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toMatch(/npm install @leashkit\/postgres.* \(LEASH_CONFIG_INVALID\)\n$/u);
    expect(ended.stderr).not.toContain("secret");
  }, 60_000);
});
