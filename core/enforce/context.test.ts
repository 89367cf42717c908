import { describe, expect, it } from "vitest";
import { memoryStore } from "../store/memory.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";
import { createToolRegistry } from "../tools.ts";
import type { Context, Scope } from "./context.ts";
import { decide, decideEdited } from "./decide.ts";
import { seal } from "./seal.ts";

describe("one decision", () => {
  /** A scope in which every look finds another policy in force. */
  function restless(): { readonly scope: Scope; readonly asked: string[] } {
    const asked: string[] = [];
    let looks = 0;
    const registry = createToolRegistry();
    registry.register({ id: "buy" });
    const context = {
      store: memoryStore(),
      random: (size: number) => new Uint8Array(size),
      registry,
      get inForce() {
        const digest = `policy ${(looks += 1)}`;
        const policy = scriptedPolicy(({ input }) => {
          asked.push(digest);
          const { n } = input as { n: number };
          return {
            effect: "allow",
            policyDigest: digest,
            transform: n < 3 ? { tool: "buy", input: { n: n + 1 } } : null,
          };
        });
        return { policy: { ...policy, digest }, mode: "enforce" as const };
      },
      obligations: new Map(),
      probe: () => null,
    } as Partial<Context> as Context;
    return {
      scope: { context, principal: { tenant: "t", subject: "s", agent: "a", chain: [] }, narrowings: [] },
      asked,
    };
  }

  it("A-P3: asks one policy in all of its rounds", async () => {
    const { scope, asked } = restless();
    const { action, decision } = await decide(scope, seal(scope, { tool: "buy", input: { n: 0 } }));
    expect(action.input).toEqual({ n: 3 });
    expect(asked).toHaveLength(4);
    expect(new Set(asked)).toEqual(new Set([decision.policyDigest]));
  });

  it("A-P3: names in a denial the policy that was asked", async () => {
    const { scope, asked } = restless();
    const { decision } = await decide(scope, seal(scope, { tool: "buy", input: { n: -9 } }));
    expect(decision).toMatchObject({ effect: "deny", reasonCode: "policy_error", policyDigest: asked[0] });
  });

  it("A-P3: asks one policy of a call as proposed and as edited", async () => {
    const { scope, asked } = restless();
    const [proposed, edited] = [1, 2].map((n) => seal(scope, { tool: "buy", input: { n } }));
    if (proposed !== undefined && edited !== undefined) await decideEdited(scope, proposed, edited);
    expect(asked).toHaveLength(5);
    expect(new Set(asked).size).toBe(1);
  });
});
