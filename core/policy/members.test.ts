import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { type Circumstances, sampleCall } from "./call.fixture.ts";
import { loadPolicy } from "./load.ts";
import { memberNumber, Members } from "./members.ts";
import { sealedAction } from "./sealed-action.ts";

/** A call whose members are laid out, as sealing does it. */
function sealedCall(input: Json, different: Circumstances = {}): ReturnType<typeof sampleCall> {
  const frozen = Object.freeze(JSON.parse(JSON.stringify(input)) as Json);
  const { action, tool, facts } = sampleCall(frozen, different);
  Object.freeze(tool);
  return { action: sealedAction(action, tool), tool, facts };
}

function effectOf(when: string, { action, tool, facts }: ReturnType<typeof sampleCall>, changed?: Partial<Action>) {
  const policy = loadPolicy(`leash: 1\nrules: [{ id: r, action: purchase, when: '${when}', effect: allow }]`);
  // A copy has nothing laid out in it.
  return policy.evaluate(changed === undefined ? action : { ...action, ...changed }, tool, facts).effect;
}

function numberOf(name: string): number {
  return memberNumber(name) ?? expect.fail("there are too many names");
}

/** What the member is, found the plain way. */
function own(input: Json, name: string): Json | undefined {
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  return isObject && Object.hasOwn(input, name) ? (input as JsonObject)[name] : undefined;
}

describe("members of an input that are laid out", () => {
  it("I6: are the input's own, whatever its names are", () => {
    const name = fc.constantFrom("a", "b", "a\0b", "a.b", "0", "7", "constructor", "toString", "x".repeat(100), "");
    const names = ["a", "b", "a\0b", "a.b", "0", "7", "constructor", "toString", "x".repeat(100), "", "c"];
    const numbers = names.map(numberOf);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.dictionary(name, fc.constantFrom<Json>(0, "x", null, [], false)),
          fc.constantFrom<Json>([1], "a", 1),
        ),
        (input) => {
          const { action } = sealedCall(input);
          for (const members of [Members.of(action), Members.of({ ...action })])
            for (const [index, each] of names.entries())
              expect(members.at(numbers[index] ?? -1), each).toEqual(own(action.input, each));
        },
      ),
    );
  });

  it("A-A10: hold nothing that somebody put on a prototype, before or after the call was sealed", () => {
    const names = ["polluted", "hidden", "constructor", "__proto__"];
    const rules = names.map(
      (name, index) => `{ id: r${index}, action: purchase, when: 'input.${name} != "x"', effect: allow }`,
    );
    const policy = loadPolicy(`leash: 1\nrules: [${rules.join()}]`);
    const before = sealedCall({ a: 1 });
    const decisions: Decision[] = [];
    try {
      Reflect.defineProperty(Object.prototype, "polluted", { value: true, configurable: true, enumerable: true });
      Reflect.defineProperty(Object.prototype, "hidden", { get: () => true, configurable: true });
      for (const { action, tool, facts } of [before, sealedCall({ a: 1 }), sampleCall({ a: 1 })])
        decisions.push(policy.evaluate(action, tool, facts));
    } finally {
      for (const name of ["polluted", "hidden"]) Reflect.deleteProperty(Object.prototype, name);
    }
    expect(decisions.map(({ reasonCode }) => reasonCode)).toEqual(["default", "default", "default"]);
  });

  it("I1: are never those of another input", () => {
    const call = sealedCall({ amount: 1 });
    expect(effectOf("input.amount < 5", call)).toBe("allow");
    expect(effectOf("input.amount < 5", call, { input: { amount: 9 } })).toBe("deny");
    expect(effectOf("input.amount < 5", call, sealedCall({ amount: 9 }).action)).toBe("deny");
    expect(effectOf("input.amount < 5", call, { members: sealedCall({ amount: 9 }).action })).toBe("allow");
  });

  it("I1: are not laid out while the input can change", () => {
    const { action, tool } = sampleCall({ a: 1 });
    expect(() => sealedAction(action, tool)).toThrow(TypeError);
  });

  it("cannot be reached or changed by anybody who has the action", () => {
    const { action } = sealedCall({ secret: "x" });
    const plain = sampleCall(action.input).action;
    expect(new Set(Reflect.ownKeys(action))).toEqual(new Set(Reflect.ownKeys(plain)));
    expect({ ...action }).toEqual(plain);
    const above = Reflect.getPrototypeOf(action) ?? expect.fail("nothing");
    for (const part of [action, above, above.constructor, Members, Members.prototype])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it("are found by names that a policy asks for only after the call was sealed", () => {
    const name = `late${Math.random().toString(36).slice(2)}`;
    const call = sealedCall({ [name]: 1 });
    expect(effectOf(`input.${name} == 1`, call)).toBe("allow");
    expect(effectOf(`input.${name} == 2`, call)).toBe("deny");
  });

  it("are right however many sets of names there are", () => {
    const number = numberOf("a");
    for (let index = 0; index < 10_000; index += 1) {
      const { action } = sealedCall({ [`flood${index}`]: 0, a: index });
      expect(Members.of(action).at(number)).toBe(index);
    }
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`many${index}`, index]));
    expect(Members.of(sealedCall({ ...many, a: 5 }).action).at(number)).toBe(5);
  });

  it("are asked the longer way where there are too many names", async () => {
    vi.resetModules();
    const fresh = await import("./members.ts");
    const { decide } = await import("./call.fixture.ts");
    const policy = "rules: [{ id: r, action: purchase, when: 'input.beyond == 1 && input.name0 == 0', effect: allow }]";
    let count = 0;
    while (fresh.memberNumber(`name${count}`) !== undefined) count += 1;
    expect(count).toBe(1024);
    expect(fresh.memberNumber("name0")).toBe(0);
    expect(decide(policy, { beyond: 1, name0: 0 }).effect).toBe("allow");
    expect(decide(policy, { beyond: 2, name0: 0 }).effect).toBe("deny");
    expect(decide(policy, { name0: 0 }).effect).toBe("deny");
  });
});
