import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";

interface Sample {
  readonly pause: "hold" | "defer";
  readonly strict: boolean;
  readonly session: string | undefined;
}

const DEFAULTS: Sample = Object.freeze({ pause: "hold", strict: false, session: undefined });
const CHOICES = { pause: ["hold", "defer"] } as const;

const read = (options: unknown): Sample => readOptions<Sample>("testing", options as never, DEFAULTS, CHOICES);

describe("readOptions", () => {
  it("puts what is stated over the defaults, and changes neither", () => {
    const options = Object.freeze({ strict: true, session: "s" });
    expect(read(options)).toEqual({ pause: "hold", strict: true, session: "s" });
    expect(DEFAULTS).toEqual({ pause: "hold", strict: false, session: undefined });
  });

  it("gives the defaults as a new object where nothing is stated", () => {
    const settings = read(undefined);
    expect(settings).toEqual(DEFAULTS);
    expect(settings).not.toBe(DEFAULTS);
  });

  it("counts a member that is undefined as absent", () => {
    expect(read({ pause: undefined, strict: undefined })).toEqual(DEFAULTS);
  });

  it("keeps a value that is false or null: only undefined is absent", () => {
    const settings = readOptions<{ a: unknown; b: unknown }>("testing", { a: false, b: null }, { a: true, b: 1 });
    expect(settings).toEqual({ a: false, b: null });
  });

  it.each([
    ["misspelt", { strct: true }, '"strct"'],
    ["of every object's own", { constructor: 1 }, '"constructor"'],
    ["that would change what an object is", JSON.parse('{"__proto__":{"strict":true}}'), '"__proto__"'],
    ["of a text given in the place of the options", "hold", '"0"'],
  ])("I4: refuses an option that is %s", (_, options, named) => {
    expect(() => read(options)).toThrow(
      expect.objectContaining({
        code: "LEASH_CONFIG_INVALID",
        message: `The options for testing are wrong: there is no option ${named}.`,
      }),
    );
  });

  it.each(["sometimes", "", null, true, ["hold"]])("I4: refuses %j where the choices are stated", (pause) => {
    expect(() => read({ pause })).toThrow(
      expect.objectContaining({
        code: "LEASH_CONFIG_INVALID",
        message: "The options for testing are wrong: pause must be one of hold, defer.",
      }),
    );
  });

  it("A-S6: does not repeat a wrong value, which may be a secret in the wrong place", () => {
    expect(() => read({ pause: "sk-secret" })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("sk-secret") }),
    );
  });

  it("takes any value where no choices are stated, also of an option that is named like an object's own member", () => {
    expect(readOptions<{ valueOf: unknown }>("testing", { valueOf: 5 }, { valueOf: 1 })).toEqual({
      valueOf: 5,
    });
  });
});
