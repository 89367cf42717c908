import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isLeashError, LeashError, type LeashErrorCode } from "../errors.ts";
import { memoryStore } from "../store/memory.ts";
import { sqliteStore } from "../store/sqlite.ts";
import { type Store } from "../store/store.ts";
import { KEPT_MS, sweep } from "../store/sweep.ts";
import { fakeClock } from "../testing/clock.ts";
import { USED_RETENTION, useProofOnce } from "./once.ts";
import { issueProof } from "./proof.ts";
import { digest, keys, NOW, proofInput } from "./proof.fixture.ts";
import { verifyProof } from "./verify-proof.ts";

const code = (expected: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, expected));
const audience = "shop.example.com";
const issue = (): string => issueProof(keys.signer("proof"), proofInput).token;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-once-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Promise<Store> => sqliteStore({ file: join(folder, "store.db"), clock: fakeClock(NOW) });

describe("verifying a proof once", () => {
  it("A-A4: takes it the first time and never again, also after a restart", async () => {
    const token = issue();
    const first = await open();
    const claims = await verifyProof(token, keys.keySet(), { audience, once: first });
    expect(claims).toMatchObject({ purpose: "proof", agent_id: "buyer" });
    await expect(verifyProof(token, keys.keySet(), { audience, once: first })).rejects.toEqual(
      code("LEASH_TOKEN_USED"),
    );
    await first.close();
    const second = await open();
    await expect(verifyProof(token, keys.keySet(), { audience, once: second })).rejects.toEqual(
      code("LEASH_TOKEN_USED"),
    );
    await expect(verifyProof(issue(), keys.keySet(), { audience, once: second })).resolves.toMatchObject({
      sub: "ann",
    });
    await second.close();
  });

  it("A-A4: takes it once of 50 tries at the same time, and shares its marks with useProofOnce", async () => {
    const token = issue();
    const store = memoryStore({ clock: fakeClock(NOW) });
    const tries = Array.from({ length: 50 }, () => verifyProof(token, keys.keySet(), { audience, once: store }));
    const taken = (await Promise.allSettled(tries)).filter(({ status }) => status === "fulfilled");
    expect(taken).toHaveLength(1);
    const claims = verifyProof(token, keys.keySet(), { audience, now: NOW });
    await expect(useProofOnce(store, claims)).rejects.toEqual(code("LEASH_TOKEN_USED"));
    await store.close();
  });

  it("marks nothing for a proof that does not hold", async () => {
    const store = memoryStore({ clock: fakeClock(NOW) });
    const refusals = [
      verifyProof(issue(), keys.keySet(), { audience: "other.example.com", once: store }),
      verifyProof(issue(), keys.keySet(), { audience, agent: "other", once: store }),
      verifyProof(issue(), keys.keySet(), { audience, action: digest.replace(/^./u, "x"), once: store }),
      verifyProof(issue(), [], { audience, once: store }),
      verifyProof(issue(), keys.keySet(), { audience, now: NOW + 120_000, once: store }),
    ];
    const codes = (await Promise.allSettled(refusals)).map((one) => one.status === "rejected" && one.reason.code);
    expect(codes).toEqual([
      "LEASH_TOKEN_AUDIENCE",
      "LEASH_TOKEN_INVALID",
      "LEASH_CONFIG_INVALID",
      "LEASH_TOKEN_INVALID",
      "LEASH_TOKEN_EXPIRED",
    ]);
    expect(await store.list("used")).toEqual([]);
    await store.close();
  });

  it("asks a function of the verifier's own, which gets what tells this proof from others", async () => {
    const seen: object[] = [];
    const once = async (token: object): Promise<void> => {
      if (seen.push(token) > 1) throw new LeashError("LEASH_TOKEN_USED", "again");
    };
    const token = issue();
    const { exp, jti, kid } = await verifyProof(token, keys.keySet(), { audience, now: NOW, once });
    expect(seen).toMatchObject([{ exp, jti, kid }]);
    await expect(verifyProof(token, keys.keySet(), { audience, now: NOW, once })).rejects.toEqual(
      code("LEASH_TOKEN_USED"),
    );
  });

  it("I4: refuses where nobody can tell: the store is down, or there is none after all", async () => {
    const down: Store = {
      ...memoryStore({ clock: fakeClock(NOW) }),
      commit: () => Promise.reject(new LeashError("LEASH_STORE_UNAVAILABLE", "down")),
    };
    await expect(verifyProof(issue(), keys.keySet(), { audience, once: down })).rejects.toEqual(
      code("LEASH_STORE_UNAVAILABLE"),
    );
    for (const lost of [undefined, null, true, {}]) {
      // Without types, a store that was never opened looks like this.
      const once: Store = JSON.parse(JSON.stringify({ lost }))["lost"];
      await expect(verifyProof(issue(), keys.keySet(), { audience, now: NOW, once })).rejects.toEqual(
        code("LEASH_CONFIG_INVALID"),
      );
    }
  });

  it("goes by the store's clock, which does not run back: a mark that was swept lets no old proof in", async () => {
    const clock = fakeClock(NOW);
    const store = memoryStore({ clock });
    const token = issue();
    const expected = { audience, once: store, skewMs: KEPT_MS };
    await verifyProof(token, keys.keySet(), expected);
    clock.set(NOW + 120_000 + KEPT_MS - 1);
    expect(await sweep(store, [USED_RETENTION])).toBe(0);
    await expect(verifyProof(token, keys.keySet(), expected)).rejects.toEqual(code("LEASH_TOKEN_USED"));
    clock.set(NOW + 120_000 + KEPT_MS);
    expect(await sweep(store, [USED_RETENTION])).toBe(1);
    await expect(verifyProof(token, keys.keySet(), expected)).rejects.toEqual(code("LEASH_TOKEN_EXPIRED"));
    clock.set(NOW);
    await expect(verifyProof(token, keys.keySet(), expected)).rejects.toEqual(code("LEASH_TOKEN_EXPIRED"));
    // Without types, a time that was lost on the way is not this machine's either.
    const lost: object = { now: undefined };
    vi.spyOn(Date, "now").mockReturnValue(NOW);
    const checked = verifyProof(token, keys.keySet(), { ...expected, ...lost });
    await expect(checked).rejects.toEqual(code("LEASH_TOKEN_EXPIRED"));
    vi.restoreAllMocks();
    await store.close();
  });
});
