import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLeash, currentPermit, refusalText, type Approval, type Leash, type Permit } from "@leashkit/core";
import { scriptedPolicy } from "@leashkit/core/testing";
import { runProcess } from "../process.ts";
import { durable, logOf } from "../support/leash.ts";

const WORKSPACE = fileURLToPath(new URL("../../", import.meta.url));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-secrecy-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Every way in which a program may turn something into text on its way to a model. */
function renderings(thing: unknown): readonly string[] {
  const message = thing instanceof Error ? `${thing.message}\n${thing.stack}\n${inspect(thing.cause)}` : "";
  return [
    JSON.stringify(thing),
    inspect(thing, { depth: 20, showHidden: true, getters: true }),
    String(thing instanceof Error ? thing : ""),
    message,
    refusalText(thing) ?? "",
  ];
}

/** The secret halves of all keys in a state folder: an Ed25519 secret key is its seed and then the public key, which is public. */
function secretsIn(state: string): readonly string[] {
  const keys = join(state, "keys");
  return readdirSync(keys).flatMap((file) => {
    const text = readFileSync(join(keys, file), "utf8");
    return [...text.matchAll(/k4\.secret\.([A-Za-z0-9_-]{80,})/g)].map((match) => (match[1] ?? "").slice(0, 42));
  });
}

/** Whatever an agent, its tools and its framework can get hold of in the life of some calls. */
async function everythingVisible(leash: Leash, verdictTokens: string[]): Promise<readonly unknown[]> {
  const visible: unknown[] = [];
  const caught = async (promise: Promise<unknown>): Promise<void> => {
    visible.push(await promise.catch((error: unknown) => error));
  };
  const run = (input: unknown, permit: Permit): string => {
    visible.push(input, permit, currentPermit());
    return "bought";
  };
  const pause = async (approval: Approval): Promise<void> => {
    visible.push(structuredClone(approval));
    const { verdicts } = await leash.desk({ id: "ann", device: "phone" }).approve(approval.id);
    verdictTokens.push(...verdicts.map(({ token }) => token));
  };
  await caught(leash.guard({ tool: "allow", input: {} }, run));
  await caught(leash.guard({ tool: "deny", input: {} }, run));
  await caught(leash.guard({ tool: "unknown", input: {} }, run));
  await caught(leash.guard({ tool: "allow", input: { x: Number.NaN } }, run));
  await caught(leash.guard(durable("paused", {}), run, { pause }));
  await caught(leash.guard(durable("deferred", {}), run, { pause: "defer" }));
  const [waiting] = await leash.desk({ id: "ann" }).pending();
  visible.push(await leash.deferred(waiting?.ref ?? ""));
  const denied = await leash.desk({ id: "ann" }).deny(waiting?.id ?? "", { reason: "not this one" });
  verdictTokens.push(...denied.verdicts.map(({ token }) => token));
  await caught(leash.collect(waiting?.ref ?? "", run));
  await caught(leash.authorize({ tool: "allow", input: {} }));
  visible.push(await leash.decide({ tool: "deny", input: {} }), leash.keySet(), leash.policy, leash.principal);
  visible.push(await logOf(leash));
  return visible;
}

describe("what an agent can see", () => {
  it("A-A26: nothing of it holds key material, a verdict, or anything else that approves", async () => {
    const policy = scriptedPolicy((action) =>
      action.tool === "allow" || action.tool === "deny" ? action.tool : "approve",
    );
    const leash = await createLeash({ policy, state: folder, notify: [] });
    for (const id of ["allow", "deny", "buy"]) leash.register({ id });
    const verdictTokens: string[] = [];
    const visible = (await everythingVisible(leash, verdictTokens)).flatMap(renderings);
    const secrets = secretsIn(folder);
    expect(visible.length).toBeGreaterThan(60);
    expect(secrets.length).toBeGreaterThanOrEqual(2);
    expect(verdictTokens).toHaveLength(2);
    for (const text of visible) {
      for (const secret of [...secrets, ...verdictTokens]) expect(text).not.toContain(secret);
      expect(text).not.toMatch(/k4\.secret|PRIVATE KEY|https?:\/\//);
      expect(text).not.toContain(folder);
    }
    await leash.close();
  });

  it("A-A26: what the model is told holds no rule, reason or digest of the policy", async () => {
    const secretive = { rule: "rule-4711", reason: "more than 50 needs the CFO", ruleDigest: "d".repeat(64) };
    const policy = scriptedPolicy((action) => ({ effect: action.tool === "deny" ? "deny" : "approve", ...secretive }));
    const leash = await createLeash({ policy, store: "memory", notify: [] });
    for (const id of ["deny", "buy"]) leash.register({ id });
    const told: unknown[] = [];
    for (const tool of ["deny", "buy"]) {
      told.push(await leash.guard({ tool, input: {} }, () => 1, { pause: "defer" }).catch((error: unknown) => error));
    }
    const texts = told.map((error) => refusalText(error) ?? "");
    expect(texts.every((text) => text.length > 20)).toBe(true);
    for (const text of texts) {
      for (const secret of [...Object.values(secretive), policy.digest, policy.id]) expect(text).not.toContain(secret);
    }
  });

  it("A-A26: keys lie in files that only their owner reads", async () => {
    const state = join(folder, "state");
    const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), state, notify: [] });
    leash.register({ id: "buy" });
    await leash.guard({ tool: "buy", input: {} }, () => 1);
    const files = readdirSync(join(state, "keys")).map((file) => join(state, "keys", file));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const path of [state, join(state, "keys")]) expect(statSync(path).mode & 0o777).toBe(0o700);
    await leash.close();
  });
});

describe("a poisoned surrounding", () => {
  const PROGRAM = `
    const { createLeash } = await import(process.argv[1]);
    const leash = await createLeash({ policy: { text: "leash: 1\\ndefault: deny\\n" }, state: process.argv[2], notify: [] });
    leash.register({ id: "buy" });
    let runs = 0;
    const outcome = await leash.guard({ tool: "buy", input: {} }, () => (runs += 1)).catch((error) => error.code);
    console.log(JSON.stringify({ outcome, runs, mode: leash.mode, digest: leash.policy.digest }));
    await leash.close();
  `;
  const ALLOW = "leash: 1\nmode: observe\ndefault: allow\n";

  async function runIn(cwd: string, state: string): Promise<unknown> {
    const door = new URL("../../core/index.ts", import.meta.url).href;
    const tsx = new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url).href;
    const parameters = [
      "--conditions=leashkit:source",
      "--import",
      tsx,
      "--input-type=module",
      "--eval",
      PROGRAM,
      door,
      state,
    ];
    const ended = await runProcess(process.execPath, parameters, { cwd, timeoutMs: 60_000 });
    expect(ended).toMatchObject({ code: 0, timedOut: false, stderr: "" });
    return JSON.parse(ended.stdout);
  }

  it("A-A27: proxies in the environment and policies in the working folder change nothing", async () => {
    const plain = await runIn(WORKSPACE, join(folder, "plain"));
    expect(plain).toMatchObject({ outcome: "LEASH_DENIED", runs: 0, mode: "enforce" });

    let connections = 0;
    const proxy = createServer((_, response) => response.end("allow")).on("connection", () => (connections += 1));
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    for (const name of [
      "HTTP_PROXY",
      "HTTPS_PROXY",
      "ALL_PROXY",
      "http_proxy",
      "https_proxy",
      "all_proxy",
      "LEASH_URL",
    ]) {
      vi.stubEnv(name, address);
    }
    for (const name of ["LEASH_MODE", "LEASHKIT_MODE"]) vi.stubEnv(name, "observe");
    const poisoned = join(folder, "work");
    mkdirSync(poisoned);
    for (const name of [".leash.yaml", "leash.yaml", ".leash.yml", ".leashrc"])
      writeFileSync(join(poisoned, name), ALLOW);
    writeFileSync(join(poisoned, ".env"), "LEASH_MODE=observe\nLEASH_POLICY=leash.yaml\n");
    for (const name of ["LEASH_POLICY", "LEASHKIT_POLICY", "LEASH_CONFIG"])
      vi.stubEnv(name, join(poisoned, "leash.yaml"));

    expect(await runIn(poisoned, join(folder, "poisoned"))).toEqual(plain);
    expect(connections).toBe(0);
    expect(readdirSync(poisoned).toSorted()).toEqual([".env", ".leash.yaml", ".leash.yml", ".leashrc", "leash.yaml"]);
    await new Promise((resolve) => proxy.close(resolve));
  });
});
