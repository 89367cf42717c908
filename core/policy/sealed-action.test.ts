import { describe, expect, it } from "vitest";
import type { Action } from "../model/call.ts";
import type { ToolSpec } from "../model/tool.ts";
import { sampleCall } from "./call.fixture.ts";
import { loadPolicy } from "./load.ts";
import { sealedAction } from "./sealed-action.ts";

const { facts } = sampleCall();

const POLICY = `leash: 1
rules:
  - { id: small, action: buy, when: 'input.amount < 5', effect: allow }
  - { id: harmless, action: look, when: 'input.amount < 500', effect: allow }
  - { id: never, action: transfer, when: 'input.amount > 0', effect: deny }
`;

/** A registration. It can be changed until it is frozen. */
function register(id: string, aliases: readonly string[] = []): { -readonly [Name in keyof ToolSpec]: ToolSpec[Name] } {
  return sampleCall({}, { tool: { id, aliases } }).tool;
}

function sealed(tool: ToolSpec, amount: number): Action {
  return sealedAction(sampleCall(Object.freeze({ amount }), { tool }).action, tool);
}

describe("an action that was sealed for a tool", () => {
  it("is decided by the rules of that tool, again and again, in whatever order tools are met", () => {
    const policy = loadPolicy(POLICY);
    const tools = ["look", "buy", "transfer", "unknown"].map((id) => Object.freeze(register(id)));
    const calls = tools.flatMap((tool) => [1, 7, 700].map((amount) => [sealed(tool, amount), tool] as const));
    for (let round = 0; round < 3; round += 1) {
      const rules = calls.toReversed().map(([action, tool]) => policy.evaluate(action, tool, facts).rule);
      expect(rules.toReversed().join(" ")).toBe(
        "harmless harmless default small default default never never never default default default",
      );
    }
  });

  it("I6: is decided by the registration that is given, also where another one has the same name", () => {
    const policy = loadPolicy(POLICY);
    const [plain, alias] = [Object.freeze(register("buy")), Object.freeze(register("buy", ["transfer"]))];
    const action = sealed(plain, 1);
    expect(policy.evaluate(action, plain, facts).rule).toBe("small");
    expect(policy.evaluate(action, alias, facts).rule).toBe("never");
    expect(policy.evaluate(action, plain, facts).rule).toBe("small");
  });

  it("I4: is refused where the tool has another name", () => {
    const policy = loadPolicy(POLICY);
    const [buy, look] = [Object.freeze(register("buy")), Object.freeze(register("look"))];
    expect(policy.evaluate(sealed(look, 7), look, facts).effect).toBe("allow");
    const misnamed = sealedAction(sampleCall(Object.freeze({ amount: 7 }), { tool: buy }).action, look);
    for (const action of [sealed(buy, 7), misnamed])
      expect(policy.evaluate(action, look, facts)).toMatchObject({ effect: "deny", reasonCode: "policy_error" });
  });

  it("I4: is refused where the tool took another name after the call was sealed", () => {
    const policy = loadPolicy(POLICY);
    const tool = register("buy");
    const action = sealed(tool, 7);
    expect(policy.evaluate(action, tool, facts).effect).toBe("deny");
    tool.id = "look";
    expect(policy.evaluate(action, tool, facts)).toMatchObject({ effect: "deny", reasonCode: "policy_error" });
  });

  it("I6: is decided by the name that its tool has, and not by one that it had before it was frozen", () => {
    const policy = loadPolicy(POLICY);
    const tool = register("look");
    expect(policy.evaluate(sealed(tool, 7), tool, facts).effect).toBe("allow");
    tool.id = "buy";
    Object.freeze(tool);
    expect(policy.evaluate(sealed(tool, 7), tool, facts)).toMatchObject({ effect: "deny", rule: "default" });
  });

  it("I1: has no effect on a copy of it: that is decided by what it says itself", () => {
    const policy = loadPolicy(POLICY);
    const tool = Object.freeze(register("buy"));
    const action = sealed(tool, 1);
    expect(policy.evaluate(action, tool, facts).effect).toBe("allow");
    expect(policy.evaluate({ ...action }, tool, facts).effect).toBe("allow");
    expect(policy.evaluate({ ...action, input: { amount: 9 } }, tool, facts).effect).toBe("deny");
    expect(policy.evaluate({ ...action, tool: "look" }, tool, facts).reasonCode).toBe("policy_error");
  });
});
