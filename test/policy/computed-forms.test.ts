import { describe, expect, it } from "vitest";
import { createLeash, type Json } from "@leashkit/core";
import { logOf } from "../support/leash.ts";

async function attempt(policy: string, input: Json, call: { readonly callId?: string; readonly scope?: string } = {}) {
  const leash = await createLeash({ policy: { text: `leash: 1\n${policy}` }, store: "memory", notify: [] });
  leash.register({ id: "query" });
  const ran: Json[] = [];
  const once = () =>
    leash.attempt({ tool: "query", input, ...call }, (sealed) => {
      ran.push(sealed);
      return "rows";
    });
  return { leash, ran, once };
}

const CAP =
  "rules: [{ id: cap, action: query, effect: allow, compute: { set: { limit: 'min(input.limit, 100)' }, remove: [raw] } }]";

describe("a call that the policy changes", () => {
  it("runs in the computed form, and the model is told how it differs", async () => {
    const { ran, once } = await attempt(CAP, { limit: 500, raw: true, sql: "x" });
    expect(await once()).toEqual({
      kind: "result",
      result: "rows",
      notice: "This call was changed before it ran: limit is 100; raw was removed.",
    });
    expect(ran).toEqual([{ limit: 100, sql: "x" }]);
  });

  it("I1: is logged as computed, with the digest of what ran", async () => {
    const { leash, once } = await attempt(CAP, { limit: 500 });
    await once();
    const lines = await logOf(leash);
    const digests = new Set(lines.filter(({ digest }) => digest !== undefined).map(({ digest }) => digest));
    expect(digests.size).toBe(1);
    expect(lines.find(({ type }) => type === "decided")).toMatchObject({ decision: "COMPUTE", rule: "cap" });
  });

  it("says nothing where nothing was changed", async () => {
    const { once } = await attempt(CAP, { limit: 5 });
    expect(await once()).toEqual({ kind: "result", result: "rows" });
  });

  it("says the same of a result that is handed out again", async () => {
    const { ran, once } = await attempt(CAP, { limit: 500 }, { callId: "c", scope: "s" });
    expect(await once()).toEqual(await once());
    expect(ran).toHaveLength(1);
  });

  it("is told of a call that waited and was collected later", async () => {
    const { leash, ran } = await attempt(CAP.replace("effect: allow", "effect: approve"), {});
    const call = { tool: "query", input: { limit: 500 } };
    const pending = await leash.attempt(call, () => "rows", { pause: "defer" });
    const ref = pending.kind === "pending" ? pending.error.ref : expect.fail("it does not wait");
    await leash.desk({ id: "ann" }).approve(ref);
    const collected = await leash.attemptDeferred(ref, (sealed) => {
      ran.push(sealed);
      return "rows";
    });
    expect(collected).toEqual({
      kind: "result",
      result: "rows",
      notice: "This call was changed before it ran: limit is 100.",
    });
    expect(ran).toEqual([{ limit: 100 }]);
  });

  it("I14: names members and what ran, never a rule", async () => {
    const { once } = await attempt(CAP.replace("cap", "secret-rule"), { limit: 500 });
    expect(JSON.stringify(await once())).not.toContain("secret-rule");
  });

  it("I4: whose form never settles is denied, and one that cannot be computed, too", async () => {
    const growing = "rules: [{ id: r, action: query, effect: allow, compute: { set: { n: 'input.n + 1' } } }]";
    const { ran, once } = await attempt(growing, { n: 1 });
    expect(await once()).toMatchObject({ kind: "refused", error: { reasonCode: "policy_error" } });
    const unknown = await attempt(growing, {});
    expect(await unknown.once()).toMatchObject({ kind: "refused", error: { reasonCode: "compute_unknown" } });
    expect([...ran, ...unknown.ran]).toEqual([]);
  });

  it("is denied by a rule about the form that was proposed, and by one about the computed form", async () => {
    const deny = (when: string) => `rules:
  - { id: no, action: query, when: ${when}, effect: deny }
  - { id: cap, action: query, effect: allow, compute: { set: { limit: 'min(input.limit, 100)' } } }`;
    for (const when of ["input.limit > 400", "input.limit == 100"]) {
      const { ran, once } = await attempt(deny(when), { limit: 500 });
      expect(await once()).toMatchObject({ kind: "refused", error: { reasonCode: "rule" } });
      expect(ran).toEqual([]);
    }
  });
});
