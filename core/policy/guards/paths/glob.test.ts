import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob, globMeets, globProblem } from "./glob.ts";

function meets(pattern: string, path: string, home = "/home/agent"): boolean {
  const segments = (text: string): readonly string[] => text.split("/").filter((segment) => segment !== "");
  return globMeets(compileGlob(pattern, false), segments(path), segments(home));
}

describe("patterns of paths", () => {
  it.each([
    ["/", ["/"], ["/a"]],
    ["/**", ["/", "/a", "/a/b"], []],
    ["/a", ["/a"], ["/", "/a/b", "/b", "/ab"]],
    ["/a/*", ["/a/b", "/a/.b"], ["/a", "/a/b/c"]],
    ["/a/**", ["/a", "/a/b", "/a/b/c"], ["/", "/b", "/ab", "/b/a"]],
    ["/a/**/c", ["/a/c", "/a/b/c", "/a/c/c", "/a/b/c/d/c"], ["/a", "/c", "/a/b", "/a/c/b"]],
    ["/**/b/**/d", ["/b/d", "/a/b/c/d", "/b/b/d/d"], ["/d/b", "/b", "/a/d"]],
    ["/**/b/*", ["/b/c", "/a/b/c", "/b/b/c"], ["/b", "/b/c/d/e"]],
    ["/a?c", ["/abc", "/a\u{1f600}c"], ["/ac", "/abbc", "/a/c"]],
    ["/*.md", ["/.md", "/a.md", "/a.md.md"], ["/a.mdx", "/md", "/a.md.txt"]],
    ["/a*b*c", ["/abc", "/aXbYc", "/abbcc", "/abcbc"], ["/ab", "/acb", "/abcd"]],
    ["/a*?", ["/ab", "/abc"], ["/a"]],
    ["/**/**/a", ["/a", "/b/a"], ["/b"]],
    ["~/a", ["/home/agent/a"], ["/a", "/home/bob/a", "/home/agent"]],
    ["~/**", ["/home/agent", "/home/agent/a/b"], ["/home", "/home/agent2"]],
  ])("%s", (pattern, met, others) => {
    expect(globProblem(pattern)).toBeUndefined();
    for (const path of met) expect(meets(pattern, path), path).toBe(true);
    for (const path of others) expect(meets(pattern, path), path).toBe(false);
  });

  it("meet what the plain reading meets: a part as one regular expression each", () => {
    const name = fc.stringMatching(/^[ab]{1,3}$/);
    const step = fc.oneof(fc.constant("**"), fc.stringMatching(/^[ab*?]{1,4}$/), name);
    const plain = (steps: readonly string[], path: readonly string[]): boolean => {
      const [first, ...rest] = steps;
      if (first === undefined) return path.length === 0;
      if (first === "**") return plain(rest, path) || (path.length > 0 && plain(steps, path.slice(1)));
      const [segment, ...below] = path;
      const expression = new RegExp(`^${first.replaceAll("*", ".*").replaceAll("?", ".")}$`, "u");
      return segment !== undefined && expression.test(segment) && plain(rest, below);
    };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), fc.array(name, { maxLength: 5 }), (steps, path) => {
        fc.pre(steps.every((each) => each === "**" || !each.includes("**")));
        expect(meets(`/${steps.join("/")}`, `/${path.join("/")}`)).toBe(plain(steps, path));
      }),
      { numRuns: 2000 },
    );
  });

  it("A-A14: take no longer than the product of the lengths, however many stars there are", () => {
    const path = `/${"a/".repeat(2000)}b`;
    const name = `/${"a".repeat(4000)}b`;
    const start = performance.now();
    expect(meets(`/${"**/a/".repeat(200)}c`, path)).toBe(false);
    expect(meets(`/${"a*".repeat(200)}c`, name)).toBe(false);
    expect(meets(`/${"**/*a*/".repeat(200)}c`, path)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
