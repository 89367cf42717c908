import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { createLeash, type Leash } from "@leashkit/core";
import { fakeTerminal } from "@leashkit/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { run } from "./index.ts";

const CALL = { tool: "send_money", input: { amount: 5 }, callId: "1", scope: "thread" };

let state: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "leash-cli-"));
});

afterEach(() => rm(state, { recursive: true, force: true }));

async function open(): Promise<Leash> {
  const leash = await createLeash({ policy: { text: "leash: 1\ndefault: allow\n" }, state, notify: [] });
  leash.register({ id: "send_money" });
  return leash;
}

/** A process whose call is aborted after it started. */
async function cutOff(): Promise<void> {
  const leash = await open();
  const controller = new AbortController();
  const cut = (): never => {
    controller.abort();
    throw new Error("cut off");
  };
  await leash.guard(CALL, cut, { signal: controller.signal }).catch(() => undefined);
  await leash.close();
}

async function command(...argv: readonly string[]) {
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const streams = { stdin: new PassThrough(), stdout: stdout.output, stderr: stderr.output };
  const exit = await run(["--state", state, ...argv], streams);
  return { exit, stdout: stdout.shown(), stderr: stderr.shown() };
}

/** What happens to the very same call now. */
async function again(): Promise<unknown> {
  const leash = await open();
  const ended = await leash.guard(CALL, () => "sent").catch((error: { readonly code?: string }) => error.code);
  await leash.close();
  return ended;
}

async function idOfOnly(): Promise<string> {
  const { stdout } = await command("journal", "list", "--json");
  return (JSON.parse(stdout) as { readonly action_id: string }).action_id;
}

describe("leash journal", () => {
  it("lists what has no outcome with exit 1, and says what to do", async () => {
    await cutOff();
    const { exit, stdout } = await command("journal", "list");
    expect(exit).toBe(1);
    expect(stdout).toMatch(/send_money\s+unknown/u);
    expect(stdout).toContain("leash journal settle ID --not-done");
  });

  it.each([
    ["--not-done", "sent"],
    ["--done", "LEASH_DENIED"],
  ])("settles a call as %s: it then ends in %s", async (found, ends) => {
    await cutOff();
    expect(await again()).toBe("LEASH_OUTCOME_UNKNOWN");
    const settled = await command("journal", "settle", await idOfOnly(), found, "--reason", "asked the bank");
    expect(settled.exit).toBe(0);
    expect(await again()).toBe(ends);
    const after = await command("journal", "list");
    expect(after).toMatchObject({ exit: 0, stdout: "Every call that started has an outcome.\n" });
  });

  it.each([[[]], [["--done", "--not-done"]]])("takes exactly one of both words: %j", async (words) => {
    await cutOff();
    const { exit, stderr } = await command("journal", "settle", await idOfOnly(), ...words);
    expect(exit).toBe(2);
    expect(stderr).toContain("--done, or --not-done");
  });

  it("refuses a call that is not without an outcome with exit 1", async () => {
    await cutOff();
    const { exit, stderr } = await command("journal", "settle", "nothing-of-that-id", "--done");
    expect(exit).toBe(1);
    expect(stderr).toContain("nothing-of-that-id");
  });
});
