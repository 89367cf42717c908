import { describe, expect, it } from "vitest";
import { createTurns } from "./turns.ts";

describe("createTurns", () => {
  it("runs one piece of work at a time, in order, also after one that failed", async () => {
    const inTurn = createTurns();
    const steps: string[] = [];
    const work =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        steps.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        steps.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const [first, second, third] = [inTurn(work("one")), inTurn(work("two", true)), inTurn(work("three"))];
    await expect(second).rejects.toThrow("two");
    expect([await first, await third]).toEqual(["one", "three"]);
    expect(steps).toEqual(["one begins", "one ends", "two begins", "two ends", "three begins", "three ends"]);
  });
});
