import { bindingCases, denyAllCases } from "@leashkit/core/testing";
import { describe, expect, it } from "vitest";
import { hello } from "./binding.fixture.ts";

// #region suite
describe("hello does what every adapter must do", () => {
  const cases = [...bindingCases(hello), ...denyAllCases(hello)];
  for (const { name, leftOut, run } of cases) {
    it(name, async (context) => {
      if (leftOut !== undefined) context.skip(leftOut);
      await run();
    });
  }

  it("leaves out nothing but streams", () => {
    const leftOut = cases.flatMap((each) => each.leftOut ?? []);
    expect(new Set(leftOut)).toEqual(new Set(["stream: the invented framework answers in one piece"]));
    expect(leftOut).toHaveLength(12);
  });
});
// #endregion
