import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLeash, isLeashError, memoryKeyRing, verifyCheckpoint, verifyProof } from "@leashkit/core";
import { describe, expect, it } from "vitest";
import { ROOT } from "../house/workspace.ts";

/** Names of values that only some may know: whether one equals another must not show in how long an answer takes. */
const SECRET = /(?:^|\.|[a-z])(?:secret|seed|mac|hmac|passphrase|password)$/iu;
const COMPARISON = /(typeof )?([\w.]+)\s*[!=]==?\s*([\w."]+)/gu;
const METHOD = /([\w.]+)\.(?:equals|compare|localeCompare)\(/gu;
/** What everybody knows. */
const CONSTANT = /^(?:undefined|null|true|false|\d+|".*)$/u;

function comparesSecrets(line: string): boolean {
  const compared = [...line.matchAll(COMPARISON)].some(([, isType, left = "", right = ""]) => {
    if (isType !== undefined || CONSTANT.test(left) || CONSTANT.test(right)) return false;
    return SECRET.test(left) || SECRET.test(right);
  });
  return compared || [...line.matchAll(METHOD)].some(([, left = ""]) => SECRET.test(left));
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/\.(?:test|fixture|d)\.ts$/u.test(name))
    .filter((name) => !/(?:^|[\\/])(?:node_modules|dist|test|testing)[\\/]/u.test(name))
    .map((name) => join(folder, name));
}

describe("A-S7: how long a comparison takes tells nothing of a secret", () => {
  it("A-S7: no source compares a secret with an operator that stops at the first difference", () => {
    const files = ["core", "packages"].flatMap(sources);
    expect(files.length).toBeGreaterThan(200);
    const found = files.flatMap((file) =>
      readFileSync(join(ROOT, file), "utf8")
        .split("\n")
        .flatMap((line, at) =>
          comparesSecrets(line) && !/^\s*(?:\/\/|\*|\/\*)/u.test(line) ? [`${file}:${at + 1} ${line.trim()}`] : [],
        ),
    );
    expect(found).toEqual([]);
  });

  it.each([
    "if (secret === given) return true;",
    "return expectedMac !== mac;",
    "seed.equals(other)",
    "given == webhookSecret",
  ])("A-S7: the rule sees %s", (line) => {
    expect(comparesSecrets(line)).toBe(true);
  });

  it.each(["if (secret === undefined) return;", "secretLength === 32", "seed.length === 32", "purpose === other"])(
    "A-S7: the rule lets %s be",
    (line) => {
      expect(comparesSecrets(line)).toBe(false);
    },
  );
});

describe("A-S8: keys are rotated and revoked while calls run", () => {
  it("A-S8: every proof made meanwhile holds, a revoked key counts no more, and the old log still verifies", async () => {
    const keys = memoryKeyRing({ clock: { now: () => Date.now() }, random: (size) => randomBytes(size) });
    const leash = await createLeash({
      policy: { text: "leash: 1\ntools: { search: { decision: allow } }\n" },
      store: "memory",
      keys,
    });
    leash.register({ id: "search" });
    const first = keys.signer("proof").kid;
    const proofs: string[] = [];
    const call = (number: number): Promise<unknown> =>
      leash.guard({ tool: "search", input: { number } }, (_input, permit) => {
        proofs.push(permit.proof ?? "");
        return "found";
      });
    for (let wave = 0; wave < 6; wave += 1) {
      const calls = Array.from({ length: 10 }, (_unused, at) => call(wave * 10 + at));
      keys.rotate("proof");
      if (wave % 2 === 1) keys.rotate("checkpoint");
      await Promise.all([...calls, leash.checkpoint()]);
    }
    const before = leash.keySet();
    for (const proof of proofs) expect(() => verifyProof(proof, before, { audience: "agent" })).not.toThrow();
    expect(proofs).toHaveLength(60);
    const old = await leash.checkpoint();
    const [revokedCheckpointKey] = [verifyCheckpoint(old?.note ?? "", before).kid];
    keys.revoke(keys.signer("proof").kid);
    keys.revoke(first);
    keys.rotate("checkpoint");
    keys.revoke(revokedCheckpointKey);
    const after = leash.keySet();
    const refused = proofs.filter((proof) => {
      try {
        verifyProof(proof, after, { audience: "agent" });
        return false;
      } catch (error) {
        if (isLeashError(error, "LEASH_TOKEN_REVOKED")) return true;
        throw error;
      }
    });
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(60);
    expect(() => verifyCheckpoint(old?.note ?? "", after)).toThrow(
      expect.objectContaining({ code: "LEASH_TOKEN_REVOKED" }),
    );
    const report = await leash.verifyLog();
    expect(report).toMatchObject({ ok: true, badCheckpoint: null });
    await leash.guard({ tool: "search", input: {} }, () => "found");
    await leash.checkpoint();
    const covered = await leash.verifyLog();
    expect(covered.covered).toBe(covered.records);
    await leash.close();
  });
});
