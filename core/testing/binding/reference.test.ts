import { describe, expect, it } from "vitest";
import type { Gate } from "../../model/gate.ts";
import type { AdapterBinding } from "./binding.ts";
import { bindingCases, denyAllCases, type BindingCase } from "./cases.ts";
import { reference } from "./reference.ts";
import { SCENARIOS } from "./scenarios.ts";

describe("the binding suite", () => {
  it("has scenarios with names of their own", () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  });
});

describe("an adapter that does not tell what was changed", () => {
  const forgetful: AdapterBinding = {
    ...reference,
    host: (setup) => reference.host({ ...setup, gate: silent(setup.gate) }),
  };
  const [changed] = bindingCases(forgetful).filter(
    ({ name }) => name === "told of a change: a member has another value",
  );

  it("is found out, by core alone and by the words of the scenario itself", async () => {
    expect(await changed?.problems()).toEqual([
      expect.stringMatching(/^said "bought amount=1 item=tea", not "This call was changed/u),
      expect.stringMatching(/^said "bought amount=1 item=tea", which does not begin with "This call was changed/u),
    ]);
  });
});

function silent(gate: Gate): Gate {
  return {
    ...gate,
    async attempt(...args) {
      const outcome = await gate.attempt(...args);
      return outcome.kind === "result" ? { kind: "result", result: outcome.result } : outcome;
    },
  };
}

describe("core alone passes what every adapter must pass", () => {
  // No answer counts in these, so that each waits until its approval expires: they wait together.
  const waits = ({ name }: BindingCase): boolean => /^step up and (?:yes|edit) \(/u.test(name);
  const cases = bindingCases(reference).toSorted((one, other) => Number(waits(other)) - Number(waits(one)));
  for (const each of cases) it(each.name, { concurrent: waits(each) }, each.run);
  for (const { name, run } of denyAllCases(reference)) it(name, run);
});
