import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDesk } from "./desk.ts";
import { createLeash } from "./leash.ts";
import { memoryStore } from "./store/memory.ts";
import { sqliteStore } from "./store/sqlite.ts";
import { scriptedPolicy } from "./testing/scripted-policy.ts";

const CALL = { tool: "buy", input: { item: "tea" }, callId: "1", scope: "thread" };

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "leash-desk-"));
});
afterEach(() => rm(state, { recursive: true, force: true }));

describe("a desk that is opened", () => {
  it("answers over a store that it is given, with the keys of the state folder, and leaves the store open", async () => {
    const store = await sqliteStore({ file: join(state, "elsewhere", "shared.db") });
    const leash = await createLeash({ policy: scriptedPolicy(() => "approve"), store, state, notify: [] });
    leash.register({ id: "buy" });
    const pending = leash.guard(CALL, () => "bought", { pause: "defer" });
    await expect(pending).rejects.toMatchObject({ code: "LEASH_PENDING" });
    const open = await openDesk({ state, store, approver: { id: "ann" } });
    const [approval] = await open.desk.pending();
    await open.desk.approve(approval?.id ?? "");
    await open.close();
    expect(await leash.guard(CALL, () => "bought")).toBe("bought");
    expect((await leash.verifyLog()).ok).toBe(true);
    await leash.close();
    await store.close();
  });

  it("finds nothing to answer in a store that is another one", async () => {
    const open = await openDesk({ state, store: memoryStore(), approver: { id: "ann" } });
    expect([await open.desk.pending(), await open.journal.unsettled()]).toEqual([[], []]);
    await open.close();
  });
});
