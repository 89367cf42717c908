import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readOptions, withThreshold } from "./options.ts";

describe("readOptions", () => {
  it("lets a script answer unless a person sits at a terminal", () => {
    expect(readOptions([], false)).toEqual({ ok: true, options: { threshold: 50, keep: undefined, scripted: true } });
    expect(readOptions([], true)).toMatchObject({ options: { scripted: false } });
    expect(readOptions(["--yes"], true)).toMatchObject({ options: { scripted: true } });
  });

  it.each([
    ["an unknown option", ["--tresh", "100"]],
    ["a stray word", ["100"]],
    ["a threshold of zero", ["--threshold", "0"]],
    ["a threshold above the next limit", ["--threshold", "501"]],
    ["a threshold that is no whole number", ["--threshold", "9.5"]],
    ["an empty folder name", ["--keep", ""]],
    ["a missing value", ["--keep"]],
  ])("refuses %s", (_, args) => {
    expect(readOptions(args, false).ok).toBe(false);
  });
});

describe("withThreshold", () => {
  const policy = readFileSync(new URL("leash.yaml", import.meta.url), "utf8");

  it("changes the first limit and nothing else", () => {
    expect(withThreshold(policy, 50)).toBe(policy);
    expect(withThreshold(policy, 100)).toBe(policy.replace("amount_minor < 5000", "amount_minor < 10000"));
  });

  it("refuses a policy in which the limit does not stand exactly once", () => {
    expect(() => withThreshold("leash: 1", 100)).toThrow("exactly once");
    expect(() => withThreshold(policy + policy, 100)).toThrow("exactly once");
  });
});
