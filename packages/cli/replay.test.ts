import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { createLeash, type LeashOptions } from "@leashkit/core";
import { fakeTerminal } from "@leashkit/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { run } from "./index.ts";

const SMALL = "leash: 1\nrules: [{ id: small, action: buy, when: input.amount < 100, effect: allow }]\n";
const LARGE = SMALL.replace("small", "large").replace("100", "1000");

let state: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "leash-cli-"));
});

afterEach(() => rm(state, { recursive: true, force: true }));

async function record(options: Partial<LeashOptions> = {}): Promise<void> {
  const leash = await createLeash({ policy: { text: SMALL }, state, notify: [], ...options });
  leash.register({ id: "buy" });
  for (const amount of [50, 500]) await leash.attempt({ tool: "buy", input: { amount } }, () => "ran");
  await leash.close();
}

async function command(...argv: readonly string[]) {
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const streams = { stdin: new PassThrough(), stdout: stdout.output, stderr: stderr.output };
  const exit = await run(["--state", state, ...argv], streams);
  return { exit, stdout: stdout.shown(), stderr: stderr.shown() };
}

async function file(name: string, text: string): Promise<string> {
  const path = join(state, name);
  await writeFile(path, text);
  return path;
}

describe("leash replay", () => {
  it("is fine where every decision comes out as it was", async () => {
    await record();
    for (const strict of [[], ["--strict"]]) {
      const { exit, stdout: out } = await command("replay", ...strict);
      expect([exit, out]).toEqual([0, "2 decisions, 2 decided again: 2 the same, 0 not.\n"]);
    }
  });

  it("lists what another policy would have answered, and exits 1 unless so many changes are fine", async () => {
    await record();
    const policy = await file("new.yaml", LARGE);
    for (const named of ["--policy", "--with"]) {
      const { exit, stdout: out } = await command("replay", named, policy);
      expect(exit).toBe(1);
      expect(out).toMatch(/^deny \(default\) -> allow \(large\) {2}.*buy {2}by agent/u);
      expect(out).toContain("1 deny to allow");
    }
    expect((await command("replay", "--with", policy, "--max-flips", "1")).exit).toBe(0);
    const { stdout: out } = await command("replay", "--with", policy, "--json");
    const [flip, summary] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(flip).toMatchObject({ result: "differs", flip: "deny_to_allow", tool: "buy", now: { rule: "large" } });
    expect(summary).toMatchObject({ summary: { decisions: 2, same: 1, flips: { deny_to_allow: 1 } } });
  });

  it("opens encrypted recordings with the key of a file", async () => {
    const key = new Uint8Array(32).fill(5);
    await record({ record: { key } });
    expect((await command("replay", "--strict")).stdout).toContain("Not replayable: 2 encrypted.");
    const path = await file("key", Buffer.from(key).toString("hex"));
    expect((await command("replay", "--strict", "--key", path)).stdout).toContain("2 the same");
    expect((await command("replay", "--key", await file("bad", "zz"))).exit).toBe(3);
  });

  it("refuses what makes no sense", async () => {
    await record();
    const bad = [
      ["--max-flips", "x"],
      ["--since", "yesterday"],
      ["--strict", "--with", "x.yaml"],
    ];
    for (const argv of bad) expect((await command("replay", ...argv)).exit, argv.join(" ")).toBe(2);
    expect((await command("replay", "--with", join(state, "none.yaml"))).exit).toBe(3);
  });

  it("takes only the calls that are asked for", async () => {
    await record();
    expect((await command("replay", "--tool", "other")).stdout).toContain("0 decisions");
    expect((await command("replay", "--until", "2020-01-01T00:00:00Z")).stdout).toContain("0 decisions");
    expect((await command("replay", "--agent", "agent", "--since", "2020-01-01T00:00:00Z")).stdout).toContain(
      "2 decisions",
    );
  });
});
