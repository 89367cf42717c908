import { describe, expect, it } from "vitest";
import { covers, meets, nameProblem, type Pattern } from "./names.ts";

const any: Pattern = { kind: "any" };
const exact = (name: string): Pattern => ({ kind: "exact", name });
const below = (name: string): Pattern => ({ kind: "below", prefix: `${name}.` });

describe("patterns", () => {
  it("meet what they say: one name, deeper names, every name", () => {
    expect(meets(exact("http.get"), "http.get")).toBe(true);
    expect(meets(exact("http.get"), "http.get.x")).toBe(false);
    expect(meets(below("http"), "http.get")).toBe(true);
    expect(meets(below("http"), "http.get.x")).toBe(true);
    expect(meets(below("http"), "http")).toBe(false);
    expect(meets(below("http"), "http.")).toBe(false);
    expect(meets(below("http"), "https.get")).toBe(false);
    expect(meets(any, "constructor")).toBe(true);
  });

  it("cover only what they meet wholly: checked against a set of names", () => {
    const names = ["a", "a.b", "a.b.c", "a.c", "ab", "ab.c", "b"];
    const patterns = [any, ...names.map(exact), ...names.map(below)];
    // Deeper names always exist, so the sample must hold one below every prefix.
    const sample = [...names, ...names.map((name) => `${name}.z`), "z"];
    for (const wide of patterns) {
      for (const narrow of patterns) {
        const met = sample.filter((name) => meets(narrow, name));
        expect(covers(wide, narrow), JSON.stringify([wide, narrow])).toBe(met.every((name) => meets(wide, name)));
      }
    }
  });
});

describe("nameProblem", () => {
  it("A-A9: finds names that look like others", () => {
    for (const name of [
      "",
      " purchase",
      "purchase ",
      "pur\u200Bchase",
      "pur\u202Echase",
      "a\nb",
      "a*",
      "x".repeat(257),
    ]) {
      expect(nameProblem(name), JSON.stringify(name)).toBeDefined();
    }
  });

  it("leaves names of all languages alone", () => {
    for (const name of ["purchase", "http.request", "überweisen", "支払い", "constructor"]) {
      expect(nameProblem(name)).toBeUndefined();
    }
  });
});
