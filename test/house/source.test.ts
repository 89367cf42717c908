import { describe, expect, it } from "vitest";
import { findReferences, measureFunctions, parseSource } from "./source.ts";

const references = (text: string): readonly (string | null)[] =>
  findReferences(parseSource("sample.ts", text)).map(({ specifier }) => specifier);

describe("references", () => {
  it("are found in every spelling", () => {
    const text = [
      'import type { A } from "./a.ts";',
      "import './b.ts';",
      'import b, * as rest from "./c.ts";',
      'export * from "./d.ts"; export * as e from "./e.ts";',
      'export {\n  f,\n  type F,\n} from "./f.ts";',
      'const g = await import("./g.ts");',
      "const h = () => { return import(`./h.ts`); };",
      'type I = import("./i.ts").I<typeof import("./j.ts")>;',
      'import k = require("./k.ts");',
      'const l = require("./l.ts");',
    ].join("\n");
    expect(references(text)).toEqual("abcdefghijkl".split("").map((letter) => `./${letter}.ts`));
  });

  it("are not found in comments, strings, templates and regular expressions", () => {
    const text = [
      '// import "./a.ts"',
      '/* export * from "./b.ts" */',
      "const c = 'import \"./c.ts\"';",
      "const d = `import './d.ts' ${c} from './d.ts'`;",
      'const e = /import "x" from/u; const f = { import: "./f.ts", require: "./f.ts" };',
      "f.require; export { c, d, e };",
    ].join("\n");
    expect(references(text)).toEqual([]);
  });

  it("are null where they are computed, and have their line", () => {
    const text = 'const name = "./a.ts";\n/* 🐕 */ await import(name);\nawait import(`./${name}.ts`);';
    expect(findReferences(parseSource("sample.ts", text))).toEqual([
      { specifier: null, line: 2 },
      { specifier: null, line: 3 },
    ]);
  });

  it("are not read from a file that cannot be parsed", () => {
    expect(() => parseSource("broken.ts", "const = ;")).toThrow("broken.ts cannot be parsed");
  });
});

describe("lines of code", () => {
  it("are counted without comments and blank lines", () => {
    const text = [
      "/** A comment",
      " *",
      " * with const x = 1; in it. */",
      "",
      "const a = 1; // and a comment behind it",
      "/* before */ const b = 2;",
      "   ",
      'const c = "/* no comment";',
      "const d = `",
      "// a template's text",
      "`;",
      "const e = /[/*]/u; /* 🐕🐕",
      "*/",
    ].join("\n");
    expect([...parseSource("sample.ts", text).codeLines]).toEqual([5, 6, 8, 9, 10, 11, 12]);
  });
});

describe("functions", () => {
  const measure = (lines: readonly string[]): Readonly<Record<string, number>> =>
    Object.fromEntries(
      measureFunctions(parseSource("sample.ts", lines.join("\n"))).map((found) => [found.name, found.lines]),
    );

  it("are measured with head and end, without comments and blank lines", () => {
    expect(measure(["function a() {", "  // one", "", "  return 1;", "}", "const b = () => 1;"])).toEqual({
      a: 3,
      b: 1,
    });
  });

  it("cost the function around them one line where they have a name", () => {
    const lines = [
      "export function store() {",
      "  let value = 0;",
      "  function check() {",
      "    return value;",
      "  }",
      "  const set = (next: number) => {",
      "    value = next;",
      "  };",
      "  return {",
      "    get() {",
      "      return check();",
      "    },",
      "    set,",
      "  };",
      "}",
    ];
    expect(measure(lines)).toEqual({ store: 9, check: 3, set: 3, get: 3 });
  });

  it("count for the function around them where they have none", () => {
    const lines = [
      "function total(list: number[]) {",
      "  list.forEach((item) => {",
      "    item;",
      "    item;",
      "  });",
      "}",
    ];
    expect(measure(lines)).toEqual({ total: 6, "(callback)": 4 });
  });

  it("are found as methods, accessors, constructors, private members and generators", () => {
    const lines = [
      "class Box {",
      "  #value = 1;",
      "  constructor() {}",
      "  get value() {",
      "    return this.#value;",
      "  }",
      "  static async *'all of them'() {",
      "    yield 1;",
      "    yield 2;",
      "  }",
      "  handler = () => {",
      "  };",
      "}",
    ];
    expect(measure(lines)).toEqual({ constructor: 1, value: 3, "all of them": 4, handler: 2 });
  });

  it("are not confused by braces in strings, templates and regular expressions", () => {
    const lines = ["function a() {", '  const b = "}}}{";', "  const c = `${b}}`;", "  return /[{}]/u.test(c);", "}"];
    expect(measure(lines)).toEqual({ a: 5 });
  });

  it("without a body are no functions", () => {
    expect(
      measure([
        "function over(a: string): void;",
        "function over(a: unknown): void {",
        "}",
        "declare function f(): void;",
      ]),
    ).toEqual({
      over: 2,
    });
  });
});
