import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { createLeash, type Leash } from "@leashkit/core";
import { fakeTerminal } from "@leashkit/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { run } from "./index.ts";

const POLICY = `leash: 1
rules:
  - { id: mail, action: mail, effect: approve, approval: { again: { uses: 3, for: 8h, vary: [input.text], session: false } } }`;

let state: string;
let leash: Leash;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "leash-cli-"));
  leash = await createLeash({ policy: { text: POLICY }, state, notify: [] });
  leash.register({ id: "mail" });
});

afterEach(async () => {
  await leash.close();
  await rm(state, { recursive: true, force: true });
});

async function command(...argv: readonly string[]) {
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const streams = { stdin: new PassThrough(), stdout: stdout.output, stderr: stderr.output };
  const exit = await run(["--state", state, ...argv], streams);
  return { exit, stdout: stdout.shown(), stderr: stderr.shown() };
}

/** `sent`, or the code of what came instead. */
const send = (text: string): Promise<unknown> =>
  leash
    .guard({ tool: "mail", input: { to: "ann", text } }, () => "sent", { pause: "defer" })
    .catch((error: { readonly code?: string }) => error.code);

async function refOfOnly(): Promise<string> {
  const [approval] = await leash.desk({ id: "test" }).pending();
  return approval?.ref ?? expect.fail("nothing waits");
}

describe("leash approvals approve --again", () => {
  it.each([
    [[], 3],
    [["2"], 2],
  ])("%j permits calls like it, which `leash allowances` lists and takes back", async (uses, most) => {
    expect(await send("one")).toBe("LEASH_PENDING");
    const approved = await command("approvals", "approve", await refOfOnly(), "--yes", "--again", ...uses);
    expect(approved.exit).toBe(0);
    expect(await send("two")).toBe("sent");
    const listed = await command("allowances", "list");
    expect(listed.stdout).toMatch(new RegExp(`mail.*1 of ${most}.*input\\.text`, "u"));
    const { stdout } = await command("allowances", "list", "--json");
    const { id } = JSON.parse(stdout) as { readonly id: string };
    expect((await command("allowances", "revoke", id, "--reason", "enough")).exit).toBe(0);
    expect(await send("three")).toBe("LEASH_PENDING");
    expect((await command("allowances", "revoke", id)).exit).toBe(1);
    expect((await command("allowances", "list")).stdout).toBe("Nobody permitted anything in advance.\n");
  });

  it("says in a terminal, before it asks, what would be permitted beyond the call", async () => {
    await send("one");
    const ref = await refOfOnly();
    const [screen, stdout] = [fakeTerminal(), fakeTerminal()];
    const streams = { stdin: screen.input, stdout: stdout.output, stderr: screen.output };
    const exit = run(["--state", state, "approvals", "approve", ref, "--again", "2"], streams);
    await screen.until(`Run exactly this call once, and permit all that? Type yes to approve ${ref}: `);
    expect(screen.shown().replaceAll(/\s+/gu, " ")).toContain(
      "also permits without asking anybody again: up to 2 more calls of mail, within 8 h from now",
    );
    screen.type("no\n");
    expect(await exit).toBe(1);
    expect(await leash.desk({ id: "test" }).allowances()).toEqual([]);
  });

  it.each([["0"], ["many"], ["1.5"]])("takes no %s for a number of calls", async (uses) => {
    await send("one");
    const { exit, stderr } = await command("approvals", "approve", await refOfOnly(), "--yes", "--again", uses);
    expect(exit).toBe(2);
    expect(stderr).toContain("number of calls");
  });

  it("is refused beyond what the policy lets an approver, with exit 1, and approves nothing", async () => {
    await send("one");
    const ref = await refOfOnly();
    expect((await command("approvals", "approve", ref, "--yes", "--again", "4")).exit).toBe(1);
    expect(await refOfOnly()).toBe(ref);
  });
});
