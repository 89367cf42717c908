import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../model/json.ts";
import { shapeOf } from "./shape.ts";

const TEXT = [["text"]];
const INPUT = { to: "ann", text: "hello", options: { copy: true } };

describe("the shape of a call", () => {
  it("is the same where only what may vary is another value of the same type", () => {
    expect(shapeOf("mail", { ...INPUT, text: "bye" }, TEXT)).toBe(shapeOf("mail", INPUT, TEXT));
    const deep = [["options", "copy"]];
    expect(shapeOf("mail", { ...INPUT, options: { copy: false } }, deep)).toBe(shapeOf("mail", INPUT, deep));
  });

  it.each<[string, Json]>([
    ["another recipient", { ...INPUT, to: "eve" }],
    ["a member more", { ...INPUT, bcc: "eve" }],
    ["a member less", { to: "ann", text: "hello" }],
    ["another type where a text may vary", { ...INPUT, text: ["hello"] }],
    ["nothing where a text may vary", { to: "ann", options: { copy: true } }],
    ["null where a text may vary", { ...INPUT, text: null }],
    ["no object at all", "hello"],
  ])("is another one with %s", (_what, input) => {
    expect(shapeOf("mail", input, TEXT)).not.toBe(shapeOf("mail", INPUT, TEXT));
  });

  it("is another one for another tool, and where something else may vary", () => {
    expect(shapeOf("post", INPUT, TEXT)).not.toBe(shapeOf("mail", INPUT, TEXT));
    expect(shapeOf("mail", INPUT, [])).not.toBe(shapeOf("mail", INPUT, TEXT));
  });

  it("is that of the very input where nothing may vary", () => {
    const name = fc.string({ unit: "grapheme-ascii", maxLength: 5 });
    const value = fc.oneof(
      fc.integer(),
      name,
      fc.boolean(),
      fc.constant(null),
      fc.array(name),
      fc.dictionary(name, name),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), value, (made, other) => {
        const input = JSON.parse(JSON.stringify(made)) as JsonObject;
        expect(shapeOf("t", input, [])).toBe(shapeOf("t", structuredClone(input), []));
        const more = { ...input, [`${Object.keys(input).join("")}more`]: JSON.parse(JSON.stringify(other)) as Json };
        expect(shapeOf("t", more, [])).not.toBe(shapeOf("t", input, []));
      }),
    );
  });

  it("takes names such as __proto__ as names", () => {
    const named = JSON.parse('{"__proto__":1,"text":"a"}') as Json;
    expect(shapeOf("t", named, [["__proto__"]])).not.toBe(shapeOf("t", { text: "a" }, [["__proto__"]]));
    expect(shapeOf("t", {}, [["constructor"]])).toBe(shapeOf("t", {}, [["constructor"]]));
  });
});
