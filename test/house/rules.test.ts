import { describe, expect, it } from "vitest";
import { checkDoors } from "./doors.ts";
import { checkErrorRows, checkLeftovers, checkSkippedTests, checkWorkplace } from "./hygiene.ts";
import { core, door, manifest, sources } from "./samples.ts";
import { checkAny, checkFileSizes, checkFunctionSizes, checkHonestTypes, checkNamedExports } from "./shape.ts";
import type { Manifest } from "./workspace.ts";

const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `export const a${index} = 1;`).join("\n");

describe("sizes", () => {
  it("refuses a file of 251 lines, an adapter's of 151 and a test's of 401", () => {
    const samples = {
      "core/long.ts": lines(251),
      "core/enough.ts": `// comment\n\n${lines(250)}`,
      "core/rows.table.ts": lines(900),
      "packages/langchain/long.ts": lines(151),
      "packages/langchain/wrap.test.ts": lines(400),
      "core/long.test.ts": lines(401),
    };
    expect(checkFileSizes(sources(samples))).toEqual([
      "core/long.ts: 251 lines of code, at most 250",
      "packages/langchain/long.ts: 151 lines of code, at most 150",
      "core/long.test.ts: 401 lines of code, at most 400",
    ]);
  });

  it("refuses a function of 41 lines outside tests", () => {
    const body = (count: number): string => `export function long() {\n${"  void 0;\n".repeat(count)}}`;
    const samples = { "core/a.ts": body(39), "core/b.ts": body(38), "core/b.test.ts": body(300) };
    expect(checkFunctionSizes(sources(samples))).toEqual(["core/a.ts:1: long has 41 lines, at most 40"]);
  });
});

describe("syntax", () => {
  it("refuses default exports by either spelling", () => {
    const samples = {
      "core/a.ts": "export default function a() {}",
      "packages/hello/b.ts": "const b = 1; export { b as default };",
      "core/c.ts": 'export { default as c } from "yaml"; export const text = "export default";',
      "vitest.config.ts": "export default {};",
    };
    expect(checkNamedExports(sources(samples)).map((finding) => finding.split(":")[0])).toEqual([
      "core/a.ts",
      "packages/hello/b.ts",
    ]);
  });

  it("refuses the type any, and not the word", () => {
    const samples = {
      "test/a.ts": "let a: Map<string, any>;\nlet b = 1 as any;",
      "core/b.ts": "// any\nconst any = 'any';",
    };
    expect(checkAny(sources(samples))).toHaveLength(2);
  });

  it("refuses a non-null assertion outside tests", () => {
    const text = "const a = [1][0]!; const b = !a; if (a != b) {}";
    expect(checkHonestTypes(sources({ "core/a.ts": text, "core/a.test.ts": text }))).toHaveLength(1);
  });
});

describe("skipped tests", () => {
  const check = (text: string): readonly string[] => checkSkippedTests(sources({ "core/a.test.ts": text }));

  it.each([
    'it.only("a", () => {});',
    'describe.concurrent.only("a", () => {});',
    'test.skip("a", () => {});',
    'it.todo("a");',
    'describe.skipIf(process.platform === "win32")("a", () => {});',
    'const program = "console.log(1); process.stdout.write(2)"; describe.skipIf(true)("a", () => {});',
    'it("a", (context) => { context.skip(); });',
  ])("refuses %s", (text) => {
    expect(check(text)).toHaveLength(1);
  });

  it.each([
    'it("a", (context) => { context.skip("no network"); });',
    'console.log("no network"); it.skipIf(true)("a", () => {});',
    'it.each([1])("only", () => {}); list.only; it("it.only is refused", () => {});',
  ])("accepts %s", (text) => {
    expect(check(text)).toEqual([]);
  });
});

describe("text", () => {
  const path = (...parts: readonly string[]): string => ["", ...parts].join("/");

  it("refuses folders of the machine it was written on", () => {
    const samples = [path("work", "main", "core"), path("root", ".ssh"), path("home", "somebody"), path("work")];
    for (const sample of samples) {
      expect(checkWorkplace([{ path: "docs/a.md", text: `see "${sample}" for more` }])).toHaveLength(1);
    }
  });

  it("accepts sample folders, addresses and relative paths", () => {
    const text = "/workspace/** https://example.org/work/a ./work/b /home/alice/.ssh/id_rsa rootless src/home/index.ts";
    expect(checkWorkplace([{ path: "docs/a.md", text }])).toEqual([]);
  });

  it("refuses work that was put off", () => {
    expect(checkLeftovers([{ path: "core/a.ts", text: `// ${["TO", "DO"].join("")} later\n` }])).toHaveLength(1);
    expect(checkLeftovers([{ path: "core/a.ts", text: "todo list, hackathon" }])).toEqual([]);
  });

  it("compares error codes with their rows in both directions", () => {
    const row = (code: string): string => `| \`${code}\` | what | why | do |`;
    expect(checkErrorRows(["LEASH_A", "LEASH_B"], [row("LEASH_A"), row("LEASH_B")].join("\n"))).toEqual([]);
    expect(checkErrorRows(["LEASH_A", "LEASH_B"], [row("LEASH_B"), row("LEASH_C"), row("LEASH_C")].join("\n"))).toEqual(
      [
        "LEASH_A has no row",
        "LEASH_C has a row and is no code",
        "LEASH_C has a row and is no code",
        "LEASH_C has two rows",
      ],
    );
    expect(checkErrorRows(["LEASH_A"], "| `LEASH_A` | what | | do |")).toEqual([
      "LEASH_A lacks what happened, why or what to do",
    ]);
  });
});

describe("doors", () => {
  const check = (folder: string, members: Partial<Manifest>): readonly string[] =>
    checkDoors([
      folder === "core" ? { ...core, ...members } : core,
      manifest("packages/hello", folder === "core" ? {} : members),
    ]);

  it("accepts packages as they must be", () => {
    expect(check("core", {})).toEqual([]);
  });

  it.each<[string, string, Partial<Manifest>]>([
    ["another name", "packages/hello", { name: "hello" }],
    ["a second door", "packages/hello", { exports: { ".": door("index"), "./deep": door("deep/index") } }],
    ["no door", "packages/hello", { exports: {} }],
    ["a missing door of core", "core", { exports: { ".": door("index"), "./testing": door("testing/index") } }],
    [
      "a door without types",
      "packages/hello",
      { exports: { ".": { "leashkit:source": "./index.ts", default: "./dist/index.js" } } },
    ],
    [
      "a door with a wrong order of conditions",
      "packages/hello",
      { exports: { ".": { default: "./dist/index.js", ...door("index") } } },
    ],
    ["a range for core", "packages/hello", { dependencies: { "@leashkit/core": "^1.0.0" } }],
    ["another version of core", "packages/hello", { dependencies: { "@leashkit/core": "1.0.1" } }],
    [
      "a framework as a dependency",
      "packages/hello",
      { dependencies: { "@leashkit/core": "1.0.0", langchain: "1.5.14" } },
    ],
    ["a range for a dependency of core", "core", { dependencies: { yaml: "^2.9.1" } }],
  ])("refuses %s", (_, folder, members) => {
    expect(check(folder, members).length).toBeGreaterThan(0);
  });
});
