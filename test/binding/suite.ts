import { bindingCases, denyAllCases, type AdapterBinding, type BindingCase } from "@leashkit/core/testing";
import { describe, expect, it } from "vitest";

/** No answer counts in these, so that each waits until its approval expires: they wait together. */
const waits = ({ name }: BindingCase): boolean => /^step up and (?:yes|edit) \(/u.test(name);

/** Every case of the binding suite as a test. `leftOut` says how many scenarios the host cannot play, by the reason. */
export function describeBinding(binding: AdapterBinding, leftOut: Readonly<Record<string, number>>): void {
  const scenarios = bindingCases(binding);
  const cases = [...scenarios, ...denyAllCases(binding)];
  describe(`I13: ${binding.name} does what core alone does`, () => {
    for (const each of cases.toSorted((one, other) => Number(waits(other)) - Number(waits(one)))) {
      it(each.name, { concurrent: waits(each) }, async (context) => {
        if (each.leftOut !== undefined) context.skip(each.leftOut);
        await each.run();
      });
    }

    it("leaves out what its host cannot do, and nothing else", () => {
      const reasons = scenarios.flatMap((each) => each.leftOut ?? []);
      const count = (reason: string): number => reasons.filter((other) => other === reason).length;
      expect(Object.fromEntries(reasons.map((reason) => [reason, count(reason)]))).toEqual(leftOut);
    });
  });
}
