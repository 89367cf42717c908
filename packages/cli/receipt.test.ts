import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { createLeash, type KeySet, verifyReceipt, verifyReceiptEnvelope } from "@leashkit/core";
import { fakeTerminal } from "@leashkit/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { run } from "./index.ts";

const POLICY = "leash: 1\nrules: [{ id: asked, action: refund, effect: approve }]\n";

let state: string;
let actionId: string;
let approvalId: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "leash-cli-"));
  const leash = await createLeash({ policy: { text: POLICY }, state, notify: [] });
  leash.register({ id: "refund" });
  const call = { tool: "refund", input: { amount: 5 }, callId: "1", scope: "thread" };
  const refunded = leash.guard(call, (_input, permit) => (actionId = permit.actionId), {
    onHold: (approval) => {
      approvalId = approval.id;
      void leash.desk({ id: "ann" }).approve(approval.id);
    },
  });
  await refunded;
  await writeFile(join(state, "public.json"), JSON.stringify(leash.keySet()));
  await leash.close();
});

afterEach(() => rm(state, { recursive: true, force: true }));

async function command(input: string, ...argv: readonly string[]) {
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const stdin = new PassThrough();
  stdin.end(input);
  const exit = await run(["--state", state, ...argv], { stdin, stdout: stdout.output, stderr: stderr.output });
  return { exit, stdout: stdout.shown(), stderr: stderr.shown() };
}

const keys = async (): Promise<KeySet> => JSON.parse(await readFile(join(state, "public.json"), "utf8")) as KeySet;

describe("leash receipt", () => {
  it("shows one by the action, and by the id of the approval behind it", async () => {
    for (const name of [actionId, approvalId]) {
      const { exit, stdout } = await command("", "receipt", "show", name);
      expect(exit, name).toBe(0);
      expect(verifyReceipt(stdout.trim(), await keys())).toMatchObject({ action_id: actionId, outcome: "done" });
    }
    const { stdout } = await command("", "receipt", "show", actionId, "--json");
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(["receipt"]);
  });

  it("shows one as an in-toto statement in an envelope", async () => {
    const { exit, stdout } = await command("", "receipt", "show", actionId, "--dsse");
    expect(exit).toBe(0);
    expect(verifyReceiptEnvelope(JSON.parse(stdout), await keys()).subject[0]?.name).toBe(actionId);
  });

  it("says that a run is not known", async () => {
    const other = "00000000-0000-8000-8000-000000000000";
    expect(await command("", "receipt", "show", other)).toMatchObject({ exit: 1, stdout: "" });
  });

  it("verifies a token and an envelope, from a file and from standard input, and tells what it says", async () => {
    const published = join(state, "public.json");
    const { stdout: token } = await command("", "receipt", "show", actionId);
    const { stdout: envelope } = await command("", "receipt", "show", actionId, "--dsse");
    for (const text of [token, envelope]) {
      const { exit, stdout } = await command(text, "receipt", "verify", "-", "--keys", published);
      expect(exit).toBe(0);
      expect(stdout).toContain("The receipt holds.");
      expect(stdout).toMatch(/yes from +ann/);
    }
    const file = join(state, "receipt.txt");
    await writeFile(file, token);
    const { stdout } = await command("", "receipt", "verify", file, "--keys", published, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ action_id: actionId });
  });

  it("compares the proof, the action, the agent and the input that are stated, and cannot be asked wrongly", async () => {
    const published = join(state, "public.json");
    const input = join(state, "input.json");
    await writeFile(input, '{ "amount": 5 }');
    const { stdout: token } = await command("", "receipt", "show", actionId);
    const { stdout: envelope } = await command("", "receipt", "show", actionId, "--dsse");
    const { action_hash: action, proof_jti: proof } = verifyReceipt(token.trim(), await keys());
    const right = ["--proof", proof, "--action", action, "--agent", "agent", "--input", input];
    const other = join(state, "other.json");
    await writeFile(other, '{ "amount": 6 }');
    const wrong = [
      ["--proof", "x"],
      ["--action", "0".repeat(64)],
      ["--agent", "x"],
      ["--input", other],
    ];
    for (const text of [token, envelope]) {
      const verify = async (...argv: readonly string[]) =>
        (await command(text, "receipt", "verify", "-", "--keys", published, ...argv)).exit;
      expect(await verify(...right)).toBe(0);
      for (const argv of wrong) expect(await verify(...argv), argv.join(" ")).toBe(1);
      for (const option of ["--proof", "--action", "--agent"]) expect(await verify(option, ""), option).toBe(2);
      expect(await verify("--input", join(state, "none.json"))).toBe(3);
    }
  });

  it("finds one that was changed, and cannot read what is not there", async () => {
    const published = join(state, "public.json");
    const { stdout: token } = await command("", "receipt", "show", actionId);
    const changed = `${token.slice(0, 40)}${token[40] === "A" ? "B" : "A"}${token.slice(41)}`;
    const found = await command(changed, "receipt", "verify", "-", "--keys", published);
    expect(found).toMatchObject({ exit: 1, stdout: "" });
    expect(found.stderr).toContain("LEASH_TOKEN_INVALID");
    const missing = join(state, "none.json");
    expect(await command(token, "receipt", "verify", "-", "--keys", missing)).toMatchObject({ exit: 3 });
    expect(await command(token, "receipt", "verify", "-")).toMatchObject({ exit: 2 });
    expect(await command("x".repeat(1_048_577), "receipt", "verify", "-", "--keys", published)).toMatchObject({
      exit: 3,
    });
  });

  it("I4: takes no key set that is malformed, or says of a key both that it is revoked and that it is not", async () => {
    const { stdout: token } = await command("", "receipt", "show", actionId);
    const file = join(state, "keys.json");
    const doubled = JSON.stringify(await keys()).replaceAll('"revokedAt":null', '"revokedAt":1,"revokedAt":null');
    for (const text of [doubled, "{}", "[5]", ""]) {
      await writeFile(file, text);
      const found = await command(token, "receipt", "verify", "-", "--keys", file);
      expect(found, text).toMatchObject({ exit: 3, stdout: "" });
    }
  });
});
