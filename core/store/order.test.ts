import { assert, constantFrom, oneof, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { compareUtf8 } from "./order.ts";

describe("compareUtf8", () => {
  it("orders well-formed texts as their UTF-8 bytes are ordered", () => {
    const text = string({
      unit: oneof(
        constantFrom("a", "b", "\ud7ff", "\ue000", "\uffff", "𐀀", "𝄞"),
        string({ unit: "binary", maxLength: 1 }),
      ),
    });
    assert(
      property(text, text, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it("differs from UTF-16 where that is wrong", () => {
    expect(["𝄞", "\ufb01"].sort()).toEqual(["𝄞", "\ufb01"]);
    expect(["𝄞", "\ufb01"].sort(compareUtf8)).toEqual(["\ufb01", "𝄞"]);
  });
});
