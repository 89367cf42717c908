import { describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { Leash } from "../model/leash.ts";
import { memoryStore } from "../store/memory.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";

async function reportsIn(leash: Leash): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  for await (const line of leash.exportLog()) lines.push(JSON.parse(line) as Record<string, unknown>);
  return lines.filter(({ type }) => type === "unguarded");
}

describe("a report of a call that no gate stood before", () => {
  it("is a line of the log, with a name that cannot flood it", async () => {
    const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), store: "memory", notify: [] });
    await leash.as({ subject: "ada" }).reportUnguarded("x".repeat(1_000), { adapter: "mine", traceId: "t" });
    await leash.reportUnguarded(undefined, { stopped: true });
    const [named, nameless] = await reportsIn(leash);
    expect(named).toMatchObject({ subject: "ada", actor_type: "agent", detail: "not stopped", adapter: "mine" });
    expect(named).toMatchObject({ action_type: "x".repeat(200), trace_id: "t" });
    expect(nameless).toMatchObject({ detail: "stopped before it worked" });
    expect(Object.keys(nameless ?? {})).not.toContain("action_type");
    await leash.close();
  });

  it("stops nobody where the log cannot be written", async () => {
    let isDown = false;
    const store = faultyStore(memoryStore(), { failCommit: () => (isDown ? "before" : undefined) });
    const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), store, notify: [] });
    isDown = true;
    await leash.reportUnguarded("buy");
    isDown = false;
    expect(await reportsIn(leash)).toEqual([]);
    await leash.close();
  });

  it("I9: gives no leave, and counts nothing: the tool stays unknown", async () => {
    const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), store: "memory", notify: [] });
    await leash.reportUnguarded("buy");
    await expect(leash.guard({ tool: "buy", input: {} }, () => "bought")).rejects.toMatchObject({
      code: "LEASH_TOOL_UNKNOWN",
    });
    await leash.close();
  });
});
