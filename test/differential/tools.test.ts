import { describe, expect, it } from "vitest";
import type { Json } from "../../core/model/json.ts";
import { draw } from "./draw.ts";
import { cel, celTerm, print } from "./print.ts";
import { call, layers } from "./generate.ts";
import { type Path, shrink } from "./shrink.ts";

describe("shrinking", () => {
  const isRoot = ([, second]: Path): boolean => second === undefined;
  const has = (text: string) => (candidate: object) => JSON.stringify(candidate).includes(text);

  it("drops whatever is not needed, and nothing that is said to be", () => {
    const found = { layers: [{ rules: [{ id: "a", when: true }, { id: "b" }] }, {}], call: { input: { n: 1 } } };
    expect(shrink(found, isRoot, has('"b"'))).toEqual({ layers: [{ rules: [{ id: "b" }] }], call: {} });
  });

  it("puts a part of a tree in the tree's stead", () => {
    const when: Json = {
      any: [
        {
          not: {
            all: [
              { path: "input.n", eq: 1 },
              { path: "input.m", eq: 2 },
            ],
          },
        },
      ],
    };
    expect(shrink({ layers: [{ when }] }, isRoot, has('"path":"input.m"'))).toEqual({
      layers: [{ when: { path: "input.m" } }],
    });
  });

  it("leaves what cannot become smaller", () => {
    const found = { layers: [{ id: "a" }] };
    expect(shrink(found, isRoot, (candidate) => JSON.stringify(candidate) === JSON.stringify(found))).toEqual(found);
  });
});

describe("printing", () => {
  it.each([
    [{ path: "input.a", eq: "x" }, 'input.a == "x"'],
    [{ path: "input.a", nin: [1, 2] }, "!(input.a in [1,2])"],
    [{ path: "input.a", starts_with: "x" }, 'input.a.startsWith("x")'],
    [{ has: "input.a" }, "has(input.a)"],
    [{ text: "1 < 2" }, "(1 < 2)"],
    [{ all: [{ path: "input.a", lt: 1 }, { not: { path: "input.b", gte: 2 } }] }, "(input.a < 1 && !(input.b >= 2))"],
    [{ if: [{ has: "input.a" }, { text: "true" }, { text: "false" }] }, "(has(input.a) ? (true) : (false))"],
  ] as const)("prints %j as %s", (tree, text) => {
    expect(cel(tree)).toBe(text);
  });

  it("refuses what CEL does not have", () => {
    expect(() => cel({ path: "input.a", exists: true })).toThrow("CEL has no exists");
  });

  it("prints expressions", () => {
    const cap = { call: "min", of: [{ path: "input.a" }, { value: 100 }] } as const;
    expect(celTerm(cap)).toBe("min(input.a, 100)");
    expect(celTerm({ call: "+", of: [cap, { value: "x" }] })).toBe('(min(input.a, 100) + "x")');
  });

  it("prints documents, with conditions and forms as text, and what they extend", () => {
    const rules = [
      {
        id: "a",
        action: "pay",
        effect: "compute",
        when: { cel: { has: "input.a" } },
        compute: { set: { a: { cel: { path: "input.b" } }, b: 1 } },
      },
      { id: "b", action: "pay", effect: "deny", when: { path: "input.a", eq: 1 } },
    ] as const;
    expect(JSON.parse(print({ default: "deny", rules }, ["./org.yaml"]))).toEqual({
      leash: 1,
      extends: ["./org.yaml"],
      default: "deny",
      rules: [
        { id: "a", action: "pay", effect: "compute", when: "has(input.a)", compute: { set: { a: "input.b", b: 1 } } },
        { id: "b", action: "pay", effect: "deny", when: { path: "input.a", eq: 1 } },
      ],
    });
  });
});

describe("drawing", () => {
  it("draws the same from the same seed, and something else from another", () => {
    const drawn = (seed: number): string => {
      const random = draw(seed);
      const documents = layers(random);
      return JSON.stringify([documents, call(random, documents)]);
    };
    expect(drawn(7)).toBe(drawn(7));
    expect(drawn(7)).not.toBe(drawn(8));
  });

  it("keeps weights and bounds", () => {
    const random = draw(1);
    const counts = [0, 0];
    for (let index = 0; index < 1000; index += 1) {
      const which = random.weighted([9, () => 0], [1, () => 1]);
      counts[which] = (counts[which] ?? 0) + 1;
      expect([2, 3]).toContain(random.several(2, 3, () => 0).length);
    }
    expect(counts[1]).toBeGreaterThan(60);
    expect(counts[1]).toBeLessThan(140);
  });
});
