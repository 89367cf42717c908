import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDesk } from "./desk.ts";
import { isLeashError, LeashError, type LeashErrorCode } from "./errors.ts";
import { createKeyKeeper } from "./key-keeper.ts";
import { createLeash } from "./leash.ts";
import type { AuditRecord } from "./model/audit.ts";
import { memoryStore } from "./store/memory.ts";
import type { Store } from "./store/store.ts";
import { fakeClock } from "./testing/clock.ts";
import { scriptedPolicy } from "./testing/scripted-policy.ts";
import { memoryKeyRing } from "./tokens/keys.ts";

const code = (expected: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, expected));
const person = { id: "ann", method: "cli" };

let state: string;
beforeEach(() => {
  state = join(mkdtempSync(join(tmpdir(), "leashkit-keeper-")), "state");
});
afterEach(() => rmSync(join(state, ".."), { recursive: true, force: true }));

const keeperOn = (store: Store) => {
  const keys = memoryKeyRing({ clock: fakeClock(), random: randomBytes });
  return { keys, keeper: createKeyKeeper({ keys, store, stream: "s", tenant: "acme" }, person) };
};

describe("the keeper of keys", () => {
  it("changes keys and tells the log who did it", async () => {
    const store = memoryStore();
    const { keeper, keys } = keeperOn(store);
    const first = keys.signer("proof").kid;
    const made = await keeper.rotate("proof");
    expect(keys.signer("proof").kid).toBe(made.kid);
    await keeper.revoke(first, Date.UTC(2025, 11, 31));
    const lines = (await store.lines("s", 0)).map(({ line }): AuditRecord => JSON.parse(line));
    expect(lines).toMatchObject([
      { type: "key.rotated", tenant: "acme", actor_type: "person", actor_id: "ann", kid: made.kid, detail: "proof" },
      { type: "key.revoked", actor_id: "ann", kid: first, detail: "proof since 2025-12-31T00:00:00.000Z" },
    ]);
    await store.close();
  });

  it("tells the log from when a key signs that is only published", async () => {
    const store = memoryStore();
    const { keeper } = keeperOn(store);
    const activeFrom = Date.UTC(2999, 0, 1);
    expect(await keeper.rotate("proof", activeFrom)).toMatchObject({ activeFrom });
    const [line] = await store.lines("s", 0);
    expect(JSON.parse(line?.line ?? "")).toMatchObject({ detail: "proof from 2999-01-01T00:00:00.000Z" });
    await store.close();
  });

  it("I4: revokes also where the log cannot be told so, and says that it could not", async () => {
    const store: Store = {
      ...memoryStore(),
      commit: () => Promise.reject(new LeashError("LEASH_STORE_UNAVAILABLE", "down")),
    };
    const { keeper, keys } = keeperOn(store);
    const { kid } = keys.signer("proof");
    await expect(keeper.revoke(kid)).rejects.toEqual(code("LEASH_STORE_UNAVAILABLE"));
    expect(keys.publicKeys("proof")).toMatchObject([{ kid, revokedAt: expect.any(Number) }]);
  });

  it("logs nothing where nothing was changed", async () => {
    const store = memoryStore();
    const { keeper } = keeperOn(store);
    await expect(keeper.revoke("k4.pid.none")).rejects.toEqual(code("LEASH_INPUT_INVALID"));
    expect(await store.streams()).toEqual([]);
    await store.close();
  });
});

describe("a leash whose keys are changed from outside", () => {
  it("B-H19: signs with the new key with its next call, and its log tells of the change", async () => {
    const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), state, notify: [] });
    leash.register({ id: "pay" });
    const proof = () => leash.guard({ tool: "pay", input: {} }, (_input, permit) => permit.proof);
    const kidOf = (token: string | null): unknown =>
      JSON.parse(Buffer.from(`${token}`.slice("v4.public.".length), "base64url").subarray(0, -64).toString()).kid;
    const before = kidOf(await proof());
    const open = await openDesk({ state, approver: person });
    const made = await open.keys.rotate("proof");
    expect(kidOf(await proof())).toBe(made.kid);
    await open.keys.revoke(made.kid);
    expect(kidOf(await proof())).toBe(before);
    expect(leash.keySet().keys.find(({ kid }) => kid === made.kid)?.revokedAt).not.toBeNull();
    await open.close();
    expect((await leash.verifyLog()).ok).toBe(true);
    let log = "";
    for await (const line of leash.exportLog()) log += line;
    expect(log).toContain('"type":"key.rotated"');
    expect(log).toContain('"type":"key.revoked"');
    await leash.close();
  });

  it("keeps its keys under a passphrase where one is given, and starts with no other", async () => {
    const options = { policy: scriptedPolicy(() => "allow"), state, notify: [] };
    const leash = await createLeash({ ...options, passphrase: "correct horse" });
    leash.register({ id: "pay" });
    const ran = await leash.guard({ tool: "pay", input: {} }, (_input, permit) => permit.proof);
    expect(ran).toMatch(/^v4\.public\./u);
    await leash.close();
    expect(readFileSync(join(state, "keys", "proof.json"), "utf8")).not.toContain("k4.secret");
    const other = await createLeash({ ...options, passphrase: "wrong horse" });
    other.register({ id: "pay" });
    let runs = 0;
    await expect(other.guard({ tool: "pay", input: {} }, () => (runs += 1))).rejects.toEqual(
      expect.toSatisfy(isLeashError),
    );
    expect(runs).toBe(0);
    await other.close();
  });

  it("refuses a passphrase where there are no key files for it", async () => {
    const policy = scriptedPolicy(() => "allow");
    await expect(createLeash({ policy, store: "memory", notify: [], passphrase: "x" })).rejects.toEqual(
      code("LEASH_CONFIG_INVALID"),
    );
    const keys = memoryKeyRing({ clock: fakeClock(), random: randomBytes });
    await expect(createLeash({ policy, state, keys, notify: [], passphrase: "x" })).rejects.toEqual(
      code("LEASH_CONFIG_INVALID"),
    );
  });
});
