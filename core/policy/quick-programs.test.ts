import { describe, expect, it } from "vitest";
import { sampleCall } from "./call.fixture.ts";
import { compilePolicy } from "./compile.ts";
import { evaluate } from "./evaluate.ts";
import { readLayers } from "./layers.ts";
import { QuickPrograms } from "./quick-programs.ts";
import { sealedAction } from "./sealed-action.ts";

const { facts } = sampleCall();

function compiled(rules: readonly string[]): ReturnType<typeof compilePolicy> {
  const fail = (): never => expect.fail("it does not load");
  return compilePolicy(readLayers(`leash: 1\nrules: [${rules.join()}]`, "policy", undefined, fail) ?? fail());
}

describe("quick programs", () => {
  it("are found by the number of the tool, however many tools there are", () => {
    const tools = Array.from({ length: 150 }, (_, index) => `tool${index}`);
    const policy = compiled(
      tools.map((id, index) => `{ id: r-${id}, action: ${id}, when: 'input.n == ${index}', effect: allow }`),
    );
    const calls = tools.map((id, index) => {
      const { action, tool } = sampleCall(Object.freeze({ n: index }), { tool: { id } });
      return { action: sealedAction(action, Object.freeze(tool)), tool };
    });
    for (let round = 0; round < 2; round += 1) {
      const rules = calls.map(({ action, tool }) => evaluate(policy, action, tool, facts).rule);
      expect(rules).toEqual(tools.map((id) => `r-${id}`));
    }
  });

  it("take no more memory than they may: what comes later is decided without one", () => {
    const { portions } = compiled(["{ id: r, action: purchase, effect: allow }"]).index.of(sampleCall().tool);
    const quick = new QuickPrograms(20);
    const starts = [1, 2, 3, 4].map(() => quick.add(portions));
    expect(starts).toEqual([1, 8, 0, 0]);
    expect(quick.entries).toHaveLength(15);
  });

  it("know no number that nobody noted, and none beyond those that they keep", () => {
    const quick = new QuickPrograms();
    quick.note(70, 7);
    quick.note(1_000_000, 9);
    expect([-1, 0, 69, 70, 71, 1_000_000].map((slot) => quick.startOf(slot))).toEqual([0, 0, 0, 7, 0, 0]);
  });

  it.each([
    [
      "a condition that is more than packed questions",
      "rules: [{ id: r, action: purchase, when: 'input.a == 1 || input.b == 1', effect: allow }]",
    ],
    ["a rule that may be overridden", "rules: [{ id: r, action: purchase, effect: approve, overridable: true }]"],
    ["a counterparty", "tools: { purchase: { counterparty: input.host, decision: allow } }"],
    ["a safe form", "rules: [{ id: r, action: purchase, effect: allow, compute: { set: { input.a: 1 } } }]"],
    ["a guard", "tools: { purchase: { allowed_hosts: [a.example], decision: allow } }"],
    ["a limit", "limits: [{ id: l, action: purchase, per: [subject], window: 1h, max: 3 }]"],
  ])("are made for no tool with %s", (_what, more) => {
    const fail = (): never => expect.fail("it does not load");
    const layers = readLayers(`leash: 1\n${more}\n`, "policy", undefined, fail) ?? fail();
    expect(compilePolicy(layers).index.of(sampleCall().tool).start).toBe(0);
  });
});
