import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { Approver } from "../model/approval.ts";
import type { Leash } from "../model/leash.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";

const ANN: Approver = { id: "ann", method: "page", assurance: "login", device: "laptop" };

const opened: Leash[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
});

/** A call that waits for a person. */
async function waiting(store: Store = memoryStore()) {
  const leash = await createLeash({ policy: scriptedPolicy(() => "approve"), notify: [], store });
  opened.push(leash);
  leash.register({ id: "buy" });
  const outcome = leash.guard({ tool: "buy", input: { item: "tea" } }, () => "bought");
  outcome.catch(() => undefined);
  const desk = leash.desk(ANN);
  for (;;) {
    const [approval] = await desk.pending();
    if (approval !== undefined) return { approval, desk, leash, outcome };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function viewsIn(leash: Leash): Promise<unknown[]> {
  const views: unknown[] = [];
  for await (const line of leash.exportLog()) if (line.includes('"approval.viewed"')) views.push(JSON.parse(line));
  return views;
}

describe("a card that a person was shown", () => {
  it("is told by the log: who, how, on what device, and of which approval", async () => {
    const { approval, desk, leash } = await waiting();
    await desk.viewed(approval.ref);
    const [view, ...more] = await viewsIn(leash);
    expect(more).toEqual([]);
    expect(view).toMatchObject({
      tenant: "default",
      actor_type: "person",
      actor_id: "ann",
      action_type: "buy",
      digest: approval.digest,
      approval_id: approval.id,
      action_id: approval.actionId,
      method: "page",
      assurance: "login",
      device: "laptop",
      agent: "agent",
    });
    expect((await leash.verifyLog()).ok).toBe(true);
  });

  it("is told once for each approver, whatever desk of the process they stand at", async () => {
    const { approval, desk, leash } = await waiting();
    await Promise.all([desk.viewed(approval.id), desk.viewed(approval.ref), leash.desk(ANN).viewed(approval.id)]);
    await leash.desk({ id: "bob" }).viewed(approval.id);
    expect(await viewsIn(leash)).toMatchObject([{ actor_id: "ann" }, { actor_id: "bob", method: "code" }]);
  });

  it("is not one that a program read", async () => {
    const { approval, desk, leash } = await waiting();
    await desk.get(approval.id);
    await desk.groups();
    expect(await viewsIn(leash)).toEqual([]);
  });

  it("is answered though the log could not be told, and is told when it is shown again", async () => {
    let isDown = false;
    const store = faultyStore(memoryStore(), { failCommit: () => (isDown ? "before" : undefined) });
    const { approval, desk, leash, outcome } = await waiting(store);
    isDown = true;
    await desk.viewed(approval.id);
    isDown = false;
    expect(await viewsIn(leash)).toEqual([]);
    await desk.viewed(approval.id);
    expect(await viewsIn(leash)).toHaveLength(1);
    await desk.approve(approval.id);
    expect(await outcome).toBe("bought");
  });

  it("of an approval that nobody knows, or of another tenant, is none", async () => {
    const { approval, desk, leash } = await waiting();
    await desk.viewed("ZZZZ");
    await leash.as({ tenant: "other" }).desk({ id: "eve" }).viewed(approval.id);
    expect(await viewsIn(leash)).toEqual([]);
  });
});
