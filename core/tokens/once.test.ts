import { describe, expect, it } from "vitest";
import { isLeashError, LeashError } from "../errors.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { useProofOnce } from "./once.ts";

const claims = { kid: "k4.pid.x", jti: "jti-1", exp: "2026-01-01T00:02:00.000Z" };
const used = expect.toSatisfy((error) => isLeashError(error, "LEASH_TOKEN_USED"));

describe("using a proof once", () => {
  it("A-A4: succeeds exactly once of 50 tries at the same time", async () => {
    const store = memoryStore();
    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => useProofOnce(store, claims)));
    const refusals = tries.filter((attempt) => attempt.status === "rejected");
    expect(refusals).toHaveLength(49);
    for (const { reason } of refusals) expect(reason).toEqual(used);
    await store.close();
  });

  it("takes another proof, and the same id of another key", async () => {
    const store = memoryStore();
    await useProofOnce(store, claims);
    await useProofOnce(store, { ...claims, jti: "jti-2" });
    await useProofOnce(store, { ...claims, kid: "k4.pid.y" });
    await expect(useProofOnce(store, claims)).rejects.toEqual(used);
    await store.close();
  });

  it("marks it as due for removal when it has expired", async () => {
    const store = memoryStore();
    await useProofOnce(store, claims);
    expect(await store.list("used")).toMatchObject([{ dueAt: Date.UTC(2026, 0, 1, 0, 2) }]);
    await store.close();
  });

  it("I4: refuses when the store cannot tell", async () => {
    const store: Store = {
      ...memoryStore(),
      commit: () => Promise.reject(new LeashError("LEASH_STORE_UNAVAILABLE", "down")),
    };
    await expect(useProofOnce(store, claims)).rejects.toEqual(
      expect.toSatisfy((error) => isLeashError(error, "LEASH_STORE_UNAVAILABLE")),
    );
  });
});
