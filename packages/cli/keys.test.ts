import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { canonicalText, createLeash, type KeySet, type Leash, LeashPending, sha256Hex } from "@leashkit/core";
import { fakeTerminal, scriptedPolicy } from "@leashkit/core/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { run } from "./index.ts";

const PASSPHRASE = "correct horse battery staple";

let folder: string;
let state: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leash-cli-keys-"));
  state = join(folder, "state");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function command(argv: readonly string[], stdin = "") {
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  const input = new PassThrough();
  input.end(stdin);
  const exit = await run(argv, { stdin: input, stdout: stdout.output, stderr: stderr.output });
  expect(stdout.shown() + stderr.shown()).not.toContain("k4.secret");
  return { exit, stdout: stdout.shown(), stderr: stderr.shown() };
}

const keysCommand = (...argv: readonly string[]) => command(["--state", state, "keys", ...argv]);

const openLeash = async (passphrase?: string): Promise<Leash> => {
  const leash = await createLeash({
    policy: scriptedPolicy(() => "allow"),
    state,
    notify: [],
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  leash.register({ id: "pay" });
  return leash;
};

const INPUT = { amount: 5 };

/** A leash that has permitted one call, and is closed. */
async function permitted(passphrase?: string): Promise<string> {
  const leash = await openLeash(passphrase);
  const proof = await leash.guard({ tool: "pay", input: INPUT }, (_input, permit) => permit.proof);
  await leash.close();
  return `${proof}`;
}

interface ListedKey {
  readonly kid: string;
  readonly purpose: string;
  readonly revoked_at: string | null;
  readonly active_from: string;
  readonly state: string;
}

async function listed(): Promise<readonly ListedKey[]> {
  const { stdout } = await keysCommand("list", "--json");
  const all = stdout.trim().split("\n");
  return all.map((line): ListedKey => JSON.parse(line)).filter(({ purpose }) => purpose === "proof");
}

describe("leash keys", () => {
  it("lists, rotates and revokes, and the log tells of it", async () => {
    await permitted();
    const [first] = await listed();
    expect(first).toMatchObject({ purpose: "proof", revoked_at: null, state: "active" });
    const rotated = await keysCommand("rotate", "proof");
    expect(rotated).toMatchObject({ exit: 0, stderr: "" });
    expect(await listed()).toMatchObject([{ kid: first?.kid, state: "retiring" }, { state: "active" }]);
    const revoked = await keysCommand("revoke", first?.kid ?? "", "--since", "2026-01-01T00:00:00Z");
    expect(revoked).toMatchObject({ exit: 0, stderr: "" });
    expect((await listed())[0]).toMatchObject({ revoked_at: "2026-01-01T00:00:00.000Z", state: "revoked" });
    const table = (await keysCommand("list")).stdout;
    expect(table).toMatch(/^PURPOSE +ID +MADE +STATE\n/u);
    expect(table).toContain("revoked since 2026-01-01T00:00:00.000Z");
    const leash = await openLeash();
    let log = "";
    for await (const line of leash.exportLog()) log += line;
    await leash.close();
    expect(log).toMatch(
      /"type":"key\.rotated".*"type":"key\.revoked".*|"type":"key\.revoked".*"type":"key\.rotated"/su,
    );
    expect((await command(["--state", state, "log", "verify"])).exit).toBe(0);
  });

  it("publishes a key now that signs later", async () => {
    await permitted();
    const [first] = await listed();
    const before = Date.now();
    const rotated = await keysCommand("rotate", "proof", "--activate-in", "24h");
    expect(rotated).toMatchObject({ exit: 0, stderr: "" });
    const [old, made] = await listed();
    expect(old).toMatchObject({ kid: first?.kid, state: "active" });
    expect(made).toMatchObject({ state: "published" });
    const begin = Date.parse(made?.active_from ?? "") - before;
    expect(begin).toBeGreaterThanOrEqual(86_400_000);
    expect(begin).toBeLessThan(86_400_000 + 60_000);
    expect(rotated.stdout).toContain(`${made?.kid} signs for proof from ${made?.active_from} on.`);
    expect((await keysCommand("list")).stdout).toContain(`published, signs from ${made?.active_from}`);
    expect((await keysCommand("export")).stdout).toContain(made?.kid);
    // The key that is published signs nothing yet: taking the other one out of use leaves none.
    expect((await keysCommand("revoke", first?.kid ?? "")).exit).toBe(1);
  });

  it("exports the key set that leash.keySet() gives", async () => {
    await permitted();
    const exported = await keysCommand("export");
    const leash = await openLeash();
    expect(JSON.parse(exported.stdout)).toEqual(leash.keySet());
    await leash.close();
  });

  it("exits with 1 and says what to do where no key of the purpose is left", async () => {
    await permitted();
    const [key] = await listed();
    const revoked = await keysCommand("revoke", key?.kid ?? "");
    expect(revoked.exit).toBe(1);
    expect(revoked.stderr).toContain("leash keys rotate proof");
  });

  it("exits with 2 for an unknown purpose and a time without its zone, and with 1 for an unknown key", async () => {
    await permitted();
    const [key] = await listed();
    expect((await keysCommand("rotate", "everything")).exit).toBe(2);
    for (const wrong of ["", "0h", "-1h", "24", "1.5h", "24w", "999999d"]) {
      expect((await keysCommand("rotate", "proof", `--activate-in=${wrong}`)).exit, wrong).toBe(2);
    }
    expect((await keysCommand("revoke", key?.kid ?? "", "--since", "2026-01-01T00:00:00")).exit).toBe(2);
    expect((await keysCommand("revoke", "k4.pid.none")).exit).toBe(1);
    expect(await listed()).toMatchObject([{ revoked_at: null }]);
  });

  it("needs the passphrase of the files to rotate, from the environment only, and none to list and revoke", async () => {
    await permitted(PASSPHRASE);
    vi.stubEnv("LEASH_TEST_PASSPHRASE", PASSPHRASE);
    const [key] = await listed();
    expect((await keysCommand("rotate", "proof")).exit).toBe(1);
    expect((await keysCommand("rotate", "proof", "--passphrase", PASSPHRASE)).exit).toBe(2);
    expect((await keysCommand("rotate", "proof", "--passphrase", "env:LEASH_TEST_NOT_SET")).exit).toBe(3);
    expect((await keysCommand("rotate", "proof", "--passphrase", "env:LEASH_TEST_PASSPHRASE")).exit).toBe(0);
    expect((await keysCommand("revoke", key?.kid ?? "")).exit).toBe(0);
    expect(await readFile(join(state, "keys", "proof.json"), "utf8")).not.toContain("k4.secret");
  });
});

describe("leash approvals, over key files under a passphrase", () => {
  it("I3: signs no answer without the passphrase, and does with it", async () => {
    vi.stubEnv("LEASH_TEST_PASSPHRASE", PASSPHRASE);
    const leash = await createLeash({
      policy: scriptedPolicy(() => "approve"),
      state,
      notify: [],
      passphrase: PASSPHRASE,
    });
    leash.register({ id: "pay" });
    const asked = leash.guard({ tool: "pay", input: INPUT }, () => "paid", { pause: "defer" });
    const ref = await asked.then(
      () => "",
      (error: unknown) => (error instanceof LeashPending ? error.ref : ""),
    );
    const approve = ["--state", state, "approvals", "approve", ref, "--yes"];
    await leash.close();
    expect((await keysCommand("rotate", "approval", "--passphrase", "env:LEASH_TEST_PASSPHRASE")).exit).toBe(0);
    expect((await command(approve)).exit).toBe(1);
    expect((await command([...approve, "--passphrase", "env:LEASH_TEST_PASSPHRASE"])).exit).toBe(0);
  });
});

describe("leash proof verify", () => {
  let keys: string;
  let proof: string;

  beforeEach(async () => {
    proof = await permitted();
    keys = join(folder, "public-keys.json");
    await writeFile(keys, (await keysCommand("export")).stdout);
  });

  const verify = (...argv: readonly string[]) => command(["proof", "verify", proof, "--keys", keys, ...argv]);

  it("takes a proof that holds, as an argument and from the standard input", async () => {
    const fine = await verify("--audience", "agent");
    expect(fine).toMatchObject({ exit: 0, stderr: "" });
    expect(fine.stdout).toMatch(/^The proof holds: "?agent"? was allowed "?pay"? for "?agent"? by /u);
    const piped = await command(
      ["proof", "verify", "-", "--keys", keys, "--audience", "agent", "--json"],
      `${proof}\n`,
    );
    expect(piped.exit).toBe(0);
    expect(JSON.parse(piped.stdout)).toMatchObject({ ok: true, claims: { purpose: "proof", action_type: "pay" } });
  });

  it("compares the input that was received, the agent and the action", async () => {
    const file = join(folder, "input.json");
    await writeFile(file, JSON.stringify(INPUT, null, 2));
    expect((await verify("--audience", "agent", "--input", file, "--agent", "agent")).exit).toBe(0);
    await writeFile(file, '{"amount":6}');
    expect(await verify("--audience", "agent", "--input", file)).toMatchObject({ exit: 1, stdout: "" });
    expect((await verify("--audience", "agent", "--agent", "other")).exit).toBe(1);
    expect((await verify("--audience", "agent", "--action", sha256Hex(canonicalText(INPUT)))).exit).toBe(1);
  });

  it("refuses with one code: another audience, a time that has passed, a revoked key", async () => {
    const other = await verify("--audience", "shop.example.com");
    expect(other).toMatchObject({ exit: 1, stdout: "" });
    expect(other.stderr).toContain("(LEASH_TOKEN_AUDIENCE)");
    const late = await verify("--audience", "agent", "--at", "2999-01-01T00:00:00Z", "--json");
    expect(late.exit).toBe(1);
    expect(JSON.parse(late.stdout)).toMatchObject({ ok: false, code: "LEASH_TOKEN_EXPIRED" });
    const set: KeySet = JSON.parse(await readFile(keys, "utf8"));
    const revoked = set.keys.map((key) => ({ ...key, revokedAt: 1 }));
    await writeFile(keys, JSON.stringify({ ...set, keys: revoked }));
    expect((await verify("--audience", "agent")).stderr).toContain("(LEASH_TOKEN_REVOKED)");
  });

  it("takes a proof of an OpenLeash server, with that server's keys", async () => {
    const action = sha256Hex("an action request");
    const { token, set } = openLeashProof(action);
    await writeFile(keys, JSON.stringify(set));
    const check = ["proof", "verify", token, "--keys", keys, "--dialect", "openleash"];
    const fine = await command([...check, "--action", action, "--agent", "buyer"]);
    expect(fine).toMatchObject({ exit: 0, stderr: "" });
    expect(fine.stdout).toMatch(/^The proof holds: "?buyer"? was allowed "?purchase"? by no rule of its own, until /u);
    expect((await command([...check, "--action", sha256Hex("other")])).exit).toBe(1);
    expect((await command([...check, "--audience", "agent"])).exit).toBe(2);
  });

  it("exits with 2 for a question that cannot be answered", async () => {
    for (const wrong of [
      [],
      ["--audience", ""],
      ["--audience", "agent", "--action", "x"],
      ["--audience", "agent", "--agent", ""],
      ["--audience", "agent", "--at", "today"],
      ["--audience", "agent", "--dialect", "openleash"],
      ["--dialect", "other"],
    ]) {
      expect(await verify(...wrong), wrong.join(" ")).toMatchObject({ exit: 2, stdout: "" });
    }
    expect((await command(["proof", "verify", proof, "--audience", "agent"])).exit).toBe(2);
  });

  it("I4: exits with 3 for keys or an input that cannot be read", async () => {
    expect((await verify("--audience", "agent", "--input", join(folder, "none.json"))).exit).toBe(3);
    for (const text of ["", "{}", "[5]", '{"v":2,"keys":[]}']) {
      await writeFile(keys, text);
      expect(await verify("--audience", "agent"), text).toMatchObject({ exit: 3, stdout: "" });
    }
    await writeFile(keys, "{}");
    expect((await verify("--dialect", "openleash")).exit).toBe(3);
  });
});

/** What an OpenLeash server signs and publishes: PASETO v4.public written out, without a line of ours. */
function openLeashProof(actionHash: string): { readonly token: string; readonly set: object } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const now = Date.now();
  const claims = {
    iss: "openleash",
    kid: "key-1",
    iat: new Date(now).toISOString(),
    exp: new Date(now + 120_000).toISOString(),
    decision_id: "decision-1",
    owner_type: "user",
    owner_id: "owner-1",
    agent_id: "buyer",
    action_type: "purchase",
    action_hash: actionHash,
    matched_rule_id: null,
  };
  const message = Buffer.from(JSON.stringify(claims));
  const length = (value: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  const pieces = [Buffer.from("v4.public."), message, Buffer.alloc(0), Buffer.alloc(0)];
  const encoded = Buffer.concat([length(4), ...pieces.flatMap((piece) => [length(piece.length), piece])]);
  const token = `v4.public.${Buffer.concat([message, sign(null, encoded, privateKey)]).toString("base64url")}`;
  const key = { kid: "key-1", public_key_b64: publicKey.export({ format: "der", type: "spki" }).toString("base64") };
  return { token, set: { keys: [{ ...key, kty: "OKP", alg: "EdDSA", revoked_at: null }] } };
}
