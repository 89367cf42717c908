import { describe, expect, it } from "vitest";
import { createReport, formatTable, isMet, parseRunOptions, UsageError, type Target } from "./report.ts";
import { runRegistry, type Registry } from "./runs.ts";

const target = (value: number, mustBe: Target["mustBe"] = "at most"): Target => ({
  name: "gate",
  value,
  mustBe,
  limit: 10,
  unit: "ms",
});

describe("the command line of a longer run", () => {
  it("has defaults", () => {
    expect(parseRunOptions([], { budgetSeconds: 30 })).toEqual({
      json: false,
      check: false,
      seed: 1,
      budgetMs: 30_000,
      names: [],
      extra: {},
    });
  });

  it("takes every option, parts by position and the run's own options", () => {
    const argv = ["gate", "--seed", "7", "--json", "--budget=2", "policy", "--check", "--only", "M3"];
    expect(parseRunOptions(argv, { budgetSeconds: 30, extra: ["only", "keep"] })).toEqual({
      json: true,
      check: true,
      seed: 7,
      budgetMs: 2_000,
      names: ["gate", "policy"],
      extra: { only: "M3" },
    });
  });

  it.each([
    ["--sed", "1"],
    ["--seed"],
    ["--seed", "x"],
    ["--seed", "-1"],
    ["--seed", "1.5"],
    ["--budget", "0"],
    ["--json=1"],
    ["--only", "a"],
  ])("refuses %s %s", (...argv) => {
    expect(() => parseRunOptions(argv, { budgetSeconds: 30 })).toThrow(UsageError);
  });
});

describe("targets", () => {
  it("are met at their limit and missed beyond it", () => {
    expect([9, 10, 11].map((value) => isMet(target(value)))).toEqual([true, true, false]);
    expect([9, 10, 11].map((value) => isMet(target(value, "at least")))).toEqual([false, true, true]);
    expect([9, 10, 11].map((value) => isMet(target(value, "exactly")))).toEqual([false, true, false]);
  });

  it("are missed by what is no number", () => {
    expect(isMet(target(Number.NaN))).toBe(false);
    expect(isMet(target(Number.NEGATIVE_INFINITY))).toBe(false);
  });

  it.each([
    [false, 11, 0],
    [true, 11, 1],
    [true, 10, 0],
  ])("with --check %s and %s of 10 exit with %s", (check, value, code) => {
    const report = createReport({ json: false, check }, () => undefined);
    report.target(target(value));
    expect(report.finish()).toBe(code);
  });

  it("that are aims are listed as missed, and fail no check", () => {
    const lines: string[] = [];
    const report = createReport({ json: false, check: true }, (line) => lines.push(line));
    report.target({ ...target(11), isAim: true });
    expect(report.finish()).toBe(0);
    expect(lines.at(-1)).toBe("  gate    11 ms     at most 10 ms  MISSED, an aim so far");
    report.target(target(12));
    expect(report.finish()).toBe(1);
  });
});

describe("a report", () => {
  const print = (json: boolean): readonly string[] => {
    const lines: string[] = [];
    const report = createReport({ json, check: true }, (line) => lines.push(line));
    report.note("hello");
    report.table("Rows", [
      { name: "a", calls: 1234.5678, ok: true },
      { name: "long name", calls: 1, ok: null },
    ]);
    report.target(target(11));
    report.finish();
    return lines;
  };

  it("is tables for people, each target with its limit and its value", () => {
    expect(print(false)).toEqual([
      "hello",
      "",
      "Rows",
      "  name           calls  ok",
      "  a          1,234.568  true",
      "  long name          1  –",
      "",
      "Targets",
      "  target  measured  limit          result",
      "  gate    11 ms     at most 10 ms  MISSED",
    ]);
  });

  it("is one JSON object a line for programs", () => {
    expect(print(true).map((line) => JSON.parse(line) as unknown)).toEqual([
      { note: "hello" },
      { table: "Rows", name: "a", calls: 1234.5678, ok: true },
      { table: "Rows", name: "long name", calls: 1, ok: null },
      { target: "gate", value: 11, mustBe: "at most", limit: 10, unit: "ms", met: false },
    ]);
  });

  it("says where a table is empty", () => {
    expect(formatTable([])).toEqual(["  (nothing)"]);
  });
});

describe("a registry of runs", () => {
  const start = async (
    argv: readonly string[],
    runs: Registry["runs"],
  ): Promise<{ code: number; out: string; err: string }> => {
    const text = { out: "", err: "" };
    const registry: Registry = { title: "bench", budgetSeconds: 1, runs, notInThisVersion: ["server"] };
    const code = await runRegistry(registry, argv, {
      stdout: (line) => (text.out += `${line}\n`),
      stderr: (line) => (text.err += `${line}\n`),
    });
    return { code, ...text };
  };
  const missing: Registry["runs"] = { gate: async (_, report) => report.target(target(11)) };

  it("runs all parts, or those that are named", async () => {
    const ran: string[] = [];
    const runs = { gate: async () => void ran.push("gate"), policy: async () => void ran.push("policy") };
    await start([], runs);
    await start(["policy"], runs);
    expect(ran).toEqual(["gate", "policy", "policy"]);
  });

  it("refuses a part that is not part of this version, and says which are", async () => {
    const { code, err } = await start(["server"], missing);
    expect({ code, err }).toEqual({ code: 2, err: "server: not part of this version. There is: gate.\n" });
  });

  it("refuses a part that nobody knows, also by a name that every object has", async () => {
    expect((await start(["toString"], missing)).err).toBe("toString: no such bench. There is: gate.\n");
  });

  it("without any part says so and exits with 2", async () => {
    const { code, err } = await start([], {});
    expect({ code, err }).toEqual({ code: 2, err: "bench is not part of this version.\n" });
  });

  it("exits with 1 for a missed target under --check only, and for a failure always", async () => {
    expect((await start([], missing)).code).toBe(0);
    expect((await start(["--check"], missing)).code).toBe(1);
    const failing = await start([], { gate: () => Promise.reject(new Error("no store")) });
    expect(failing.code).toBe(1);
    expect(failing.err).toContain("bench failed: Error: no store");
  });
});
