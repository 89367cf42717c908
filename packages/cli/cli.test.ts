import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createLeash, type LeashOptions, LeashPending } from "@leashkit/core";
import { fakeTerminal, scriptedPolicy } from "@leashkit/core/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { run } from "./index.ts";

let folder: string;
let state: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leash-cli-"));
  state = join(folder, "state");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A process that proposes a call, is asked to wait, and ends. */
async function ask(options: LeashOptions): Promise<LeashPending> {
  const leash = await createLeash({ notify: [], ...options });
  leash.register({ id: "send_money" });
  const outcome = leash.guard({ tool: "send_money", input: {} }, () => "sent", { pause: "defer" });
  const error = await outcome.catch((thrown: unknown) => thrown);
  await leash.close();
  if (!(error instanceof LeashPending)) throw new Error("the call did not wait", { cause: error });
  return error;
}

async function command(...argv: readonly string[]) {
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const exit = await run(argv, { stdin: new PassThrough(), stdout: stdout.output, stderr: stderr.output });
  return { exit, stdout: stdout.shown(), stderr: stderr.shown() };
}

function lines(text: string): readonly unknown[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

describe("leash: where the state is", () => {
  it("--policy finds the state folder that a leash with this policy uses", async () => {
    vi.stubEnv("XDG_STATE_HOME", join(folder, "xdg"));
    const file = join(folder, "leash.yaml");
    await writeFile(file, "leash: 1\nid: shop\ndefault: approve\n");
    const asked = await ask({ policy: file });
    expect((await command("--policy", file, "approvals", "show", asked.ref)).exit).toBe(0);
  });

  it("demands --policy or --state: nothing is read from the working folder", async () => {
    const refused = await command("approvals", "list");
    expect(refused).toMatchObject({ exit: 2, stdout: "" });
    expect(refused.stderr).toContain("--policy FILE");
  });

  it("finds no state where there is none, and makes none", async () => {
    const missing = await command("approvals", "list", "--state", state);
    expect(missing).toMatchObject({ exit: 3, stdout: "" });
    expect(await readdir(folder)).toEqual([]);
  });

  it("I4: a store that is no store is unreadable", async () => {
    await writeFile(join(folder, "store.db"), "not a database, and long enough to be looked at as one ".repeat(100));
    expect(await command("approvals", "list", "--state", folder)).toMatchObject({ exit: 3, stdout: "" });
  });
});

describe("leash policy check", () => {
  it("says that a policy is fine, with its digest", async () => {
    const file = join(folder, "leash.yaml");
    await writeFile(file, "leash: 1\nid: shop\ndefault: deny\n");
    const fine = await command("policy", "check", file);
    expect(fine).toMatchObject({ exit: 0, stderr: "" });
    expect(fine.stdout).toMatch(/leash\.yaml: fine, policy shop, digest [0-9a-f]{64}\n$/u);
    expect(lines((await command("policy", "check", file, "--json")).stdout)).toMatchObject([{ ok: true, id: "shop" }]);
  });

  it("I11: names every issue by line and column, exit 3", async () => {
    const file = join(folder, "leash.yaml");
    await writeFile(file, "leash: 1\ndefault: denny\n");
    const bad = await command("policy", "check", file);
    expect(bad.exit).toBe(3);
    expect(bad.stdout).toMatch(/leash\.yaml:2:\d+ \S/u);
    expect(lines((await command("policy", "check", file, "--json")).stdout)).toMatchObject([{ ok: false, line: 2 }]);
  });

  it("I11: a file that is not there is unreadable", async () => {
    const missing = await command("policy", "check", join(folder, "none.yaml"));
    expect(missing.exit).toBe(3);
    expect(missing.stdout).toMatch(/none\.yaml:1:1 /u);
  });

  it("reads the documents that it extends, and runs its tests", async () => {
    const file = join(folder, "agent.yaml");
    await writeFile(join(folder, "org.yaml"), "leash: 1\nid: org\ndefault: passthrough\n");
    const rule = "rules: [{ id: a, action: pay, when: input.n < 5, effect: allow }]";
    const test = (n: number): string => `tests: [{ call: { tool: pay, input: { n: ${n} } }, expect: allow }]`;
    await writeFile(file, `leash: 1\nextends: [org.yaml]\n${rule}\n${test(4)}\n`);
    expect((await command("policy", "check", file)).exit).toBe(0);
    await writeFile(file, `leash: 1\nextends: [org.yaml]\n${rule}\n${test(6)}\n`);
    const failing = await command("policy", "check", file);
    expect(failing.exit).toBe(3);
    expect(failing.stdout).toContain("agent.yaml:4:9 the test");
  });
});

describe("leash policy explain", () => {
  const explain = async (...more: readonly string[]) => {
    const file = join(folder, "explained.yaml");
    await writeFile(
      file,
      `leash: 1
tools: { write: { allowed_paths: ["${folder}/in/**"], decision: allow } }
rules: [{ id: small, action: pay, when: input.n < 5 && agent == "shopper", effect: allow }]
`,
    );
    return command("policy", "explain", file, ...more);
  };

  it("names what stands in the way, and the nearest input that would be allowed", async () => {
    const told = await explain("--tool", "pay", "--input", '{"n":9}', "--agent", "shopper");
    expect(told.exit).toBe(1);
    expect(told.stdout).toBe(
      `DENY pay (rule default: no rule decides; the policy's default refuses)
  rule "small" would allow it, but not true is: input.n < 5
    rule small (allow) is false: input.n < 5
allowed would be {"n":4}
`,
    );
    expect((await explain("--tool", "pay", "--input", '{"n":4}', "--agent", "shopper")).exit).toBe(0);
  });

  it("looks at this machine for what guards must know", async () => {
    const told = await explain("--tool", "write", "--input", JSON.stringify({ path: join(folder, "in", "a.txt") }));
    expect(told.stdout).toContain("guard paths of write: passes");
    expect((await explain("--tool", "write", "--input", '{"path":"/etc/passwd"}')).exit).toBe(1);
  });

  it("refuses arguments that are no JSON, and tools that are not named", async () => {
    expect((await explain("--tool", "pay", "--input", "{n: 1}")).exit).toBe(2);
    expect((await explain()).exit).toBe(2);
  });
});

describe("leash log verify", () => {
  it("I10: says that the log holds", async () => {
    await ask({ policy: scriptedPolicy(() => "approve"), state });
    const fine = await command("log", "verify", "--state", state);
    expect(fine.exit).toBe(0);
    expect(fine.stdout).toMatch(
      /^The log holds: [1-9]\d* records in [1-9]\d* streams\. Signed checkpoints: 1, over the first [1-9]\d*\.\n$/u,
    );
    expect(lines((await command("log", "verify", "--json", "--state", state)).stdout)).toMatchObject([
      { ok: true, first_bad: null },
    ]);
  });
});

describe("leash: usage", () => {
  it.each([
    [],
    ["approvals"],
    ["approve"],
    ["approvals", "approve"],
    ["approvals", "list", "--nonsense"],
    ["approvals", "list", "extra"],
  ])("exits with 2 for %j", async (...argv) => {
    const wrong = await command(...argv);
    expect(wrong).toMatchObject({ exit: 2, stdout: "" });
    expect(wrong.stderr).not.toBe("");
  });

  it("helps with exit 0, and names the common options for every verb", async () => {
    const help = await command("approvals", "approve", "--help");
    expect(help).toMatchObject({ exit: 0, stderr: "" });
    for (const option of ["--yes", "--reason", "--policy", "--state", "--json"]) expect(help.stdout).toContain(option);
  });
});

describe("the bin", () => {
  it("hands the exit code and the streams to the process", async () => {
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const args = ["--conditions=leashkit:source", "--import", "tsx", main, "approvals", "list", "--state", state];
    const child = await promisify(execFile)(process.execPath, args).catch((error: unknown) => error);
    expect(child).toMatchObject({
      code: 3,
      stdout: "",
      stderr: expect.stringMatching(/^leash: no leash has kept state in /u),
    });
  });
});
