import { describe, expect, it } from "vitest";
import { closest, suggest } from "./suggest.ts";

describe("suggest", () => {
  it("finds the word one slip away, whichever slip it is", () => {
    for (const slip of ["effct", "efffect", "effecd", "effcet", "EFFECT"]) {
      expect(suggest(slip, ["action", "effect", "id"])).toBe("did you mean `effect`?");
    }
  });

  it("finds even the shortest keys", () => {
    expect(closest("ix", ["action", "id"])).toBe("id");
  });

  it("lists what is known where nothing is near", () => {
    expect(suggest("wildebeest", ["id", "effect"])).toBe("known: id, effect");
  });

  it("does not measure words that are far too long", () => {
    expect(closest("e".repeat(100_000), ["effect"])).toBeUndefined();
  });
});
