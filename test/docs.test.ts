import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkPolicy } from "@leashkit/core";
import { describe, expect, it } from "vitest";
import { findLooseMarkers, findSnippets, isPolicy, readRegion, snippetProblem } from "./docs/snippets.ts";
import { listTextFiles, ROOT } from "./house/workspace.ts";

/** Everything a user reads: the READMEs and the guide. Decisions and the changelog are history. */
const documents = listTextFiles().filter(({ path }) =>
  /(?:^|\/)README\.md$|^docs\/[^/]+\.md$|^SECURITY\.md$/u.test(path),
);

const readExample = (path: string): string | undefined =>
  existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), "utf8") : undefined;

/** What a shown policy extends is not shown. */
const empty = (reference: string): { readonly text: string; readonly origin: string } => ({
  text: "leash: 1\ndefault: passthrough",
  origin: reference,
});

describe("the documents", () => {
  it("are found", () => {
    expect(documents.map(({ path }) => path)).toContain("docs/errors.md");
  });

  it.each(documents)("of $path have snippets that are compiled examples", ({ path, text }) => {
    const problems = findSnippets(text).flatMap((snippet) => {
      const problem = snippetProblem(snippet, readExample);
      return problem === undefined ? [] : [`${path}:${snippet.line} ${problem}`];
    });
    expect([...problems, ...findLooseMarkers(text).map((line) => `${path}:${line} marks no snippet`)]).toEqual([]);
  });

  it.each(documents)("of $path show policies that load", async ({ path, text }) => {
    for (const snippet of findSnippets(text).filter(isPolicy)) {
      expect(await checkPolicy(snippet.text, { resolve: empty }), `${path}:${snippet.line}`).toEqual([]);
    }
  });

  it.each(documents)("of $path link to files that exist", ({ path, text }) => {
    const folder = join(ROOT, path, "..");
    const prose = text.replace(/^(`{3,})[\s\S]*?^\1/gmu, "");
    const targets = [...prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/gu)].map(([, target]) => target ?? "");
    const local = targets.filter((target) => !/^[a-z]+:/u.test(target));
    expect(local.filter((target) => !existsSync(join(folder, target)))).toEqual([]);
  });
});

describe("the list of record types", () => {
  it("in the guide is the list in the code", () => {
    const declared = /export type RecordType =([^;]+);/u.exec(readExample("core/model/audit.ts") ?? "")?.[1] ?? "";
    const listed = /^\| `type` \|(.*)\|$/mu.exec(readExample("docs/evidence.md") ?? "")?.[1] ?? "";
    const typesIn = (text: string, quote: RegExp): string[] =>
      [...text.matchAll(quote)].map(([, type]) => type ?? "").toSorted();
    expect(typesIn(declared, /"([^"]+)"/gu)).not.toEqual([]);
    expect(typesIn(listed, /`([^`]+)`/gu)).toEqual(typesIn(declared, /"([^"]+)"/gu));
  });
});

describe("the check of snippets", () => {
  const example =
    "const before = 1;\n  // #region one\n  const a = 1;\n    const b = 2;\n  // #endregion\n# #region two\nx: 1\n# #endregion\n";
  const problemOf = (markdown: string): string | undefined => {
    const [snippet] = findSnippets(markdown);
    if (snippet === undefined) throw new Error("no snippet");
    return snippetProblem(snippet, (path) => (path === "examples/a.ts" ? example : undefined));
  };
  const fence = (text: string, marker = "", language = "ts"): string =>
    `${marker}\n\`\`\`${language}\n${text}\n\`\`\`\n`;

  it("finds the region of a file, moved to the margin", () => {
    expect(readRegion(example, "one")).toBe("const a = 1;\n  const b = 2;");
    expect(readRegion(example, "two")).toBe("x: 1");
    expect(readRegion(example, "on")).toBeUndefined();
    expect(readRegion(example + example, "one")).toBeUndefined();
  });

  it.each([
    ["without a marker", fence("const a = 1;")],
    ["of another file", fence("x", "<!-- snippet: core/index.ts -->")],
    ["of a file that is not there", fence("x", "<!-- snippet: examples/b.ts -->")],
    ["of a region that is not there", fence("x", "<!-- snippet: examples/a.ts#three -->")],
    ["that differs", fence("const a = 2;\n  const b = 2;", "<!-- snippet: examples/a.ts#one -->")],
    ["whose marker belongs to another", fence("const a = 1;", "<!-- snippet: examples/a.ts#one -->\ntext between")],
    ["in YAML that differs", fence("x: 2", "<!-- snippet: examples/a.ts#two -->", "yaml")],
  ])("refuses a snippet %s", (_, markdown) => {
    expect(problemOf(markdown)).toBeDefined();
  });

  it.each([
    ["that is its region", fence("const a = 1;\n  const b = 2;", "<!-- snippet: examples/a.ts#one -->\n")],
    ["that is its file", fence(example, "<!-- snippet: examples/a.ts -->")],
    ["in a list", "<!-- snippet: examples/a.ts#two -->\n  ~~~ts\n  x: 1\n  ~~~"],
    ["of a shell", fence("npm ci", "", "sh")],
  ])("accepts a snippet %s", (_, markdown) => {
    expect(problemOf(markdown)).toBeUndefined();
  });

  it("reads a longer fence around a shorter one as one snippet", () => {
    expect(findSnippets("````md\n```ts\nx\n```\n````\n").map(({ language }) => language)).toEqual(["md"]);
  });

  it("finds a marker whose snippet went away", () => {
    expect(
      findLooseMarkers(`<!-- snippet: examples/a.ts -->\n\ntext\n${fence("x", "<!-- snippet: examples/a.ts -->")}`),
    ).toEqual([1]);
  });

  it("knows a policy from a part of one", () => {
    const kinds = findSnippets(fence("leash: 1\nrules: []", "", "yaml") + fence("rules: []", "", "yaml")).map(isPolicy);
    expect(kinds).toEqual([true, false]);
  });
});
