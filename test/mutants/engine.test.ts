import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../house/workspace.ts";
import { copyWorkspace } from "../worktree.ts";
import { judgeMutants } from "./engine.ts";
import { mutate, type Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.table.ts";

const SOURCE = `export function withdraw(balance: number, amount: number): number {
  if (amount <= 0) throw new RangeError("amount");
  if (amount > balance) throw new RangeError("balance");
  return balance - amount;
}
`;

const TEST = `import { expect, it } from "vitest";
import { withdraw } from "@leashkit/core";

it("I1: refuses (always) more than there is", () => {
  expect(() => withdraw(1, 2)).toThrow("balance");
});
it("gives what there is", () => {
  expect(withdraw(2, 1)).toBe(1);
});
it("is wrong from the start", () => {
  expect(withdraw(2, 1)).toBe(2);
});
`;

const mutant = (members: Partial<Mutant> = {}): Mutant => ({
  id: "M1",
  invariant: "I1",
  removes: "the check of the balance",
  file: "core/index.ts",
  find: `  if (amount > balance) throw new RangeError("balance");\n`,
  replace: "",
  test: { file: "test/bank.test.ts", name: "I1: refuses (always) more than there is" },
  ...members,
});

let root = "";

/** A workspace of one package whose test reaches it by its door, as the real ones do. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "leashkit-fixture-"));
  await mkdir(join(root, "core"));
  await mkdir(join(root, "test"));
  await mkdir(join(root, "node_modules/@leashkit"), { recursive: true });
  await symlink("../../core", join(root, "node_modules/@leashkit/core"));
  for (const name of ["vitest", "vite", "esbuild", ".bin"])
    await symlink(join(ROOT, "node_modules", name), join(root, "node_modules", name));
  await cp(join(ROOT, "vitest.config.ts"), join(root, "vitest.config.ts"));
  await cp(join(ROOT, "core/package.json"), join(root, "core/package.json"));
  await writeFile(join(root, "package.json"), '{ "type": "module" }');
  await writeFile(join(root, "core/index.ts"), SOURCE);
  await writeFile(join(root, "test/bank.test.ts"), TEST);
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("a mutant", () => {
  it("replaces its text once, without reading anything into it", () => {
    expect(mutate("a (b) c", mutant({ find: "(b)", replace: "$&$1" }))).toEqual({ text: "a $&$1 c" });
  });

  it.each([
    ["", "x"],
    ["d", "x"],
    ["a", "x"],
    ["b", "b"],
  ])("does not apply where it finds %j and writes %j", (find, replace) => {
    expect(mutate("a b a", mutant({ find, replace }))).toHaveProperty("problem");
  });
});

describe("the runner", () => {
  it("kills, spares, finds stale and finds broken what is so, and leaves the sources as they were", async () => {
    const test = (name: string, file = "test/bank.test.ts"): Pick<Mutant, "test"> => ({ test: { file, name } });
    const mutants = [
      mutant({ id: "killed" }),
      mutant({ id: "survived", ...test("gives what there is") }),
      mutant({ id: "gone", find: "if (amount > 1000)" }),
      mutant({ id: "file gone", file: "core/bank.ts" }),
      mutant({ id: "test gone", ...test("no such test") }),
      mutant({ id: "test file gone", ...test("", "test/gone.test.ts") }),
      mutant({ id: "red before", ...test("is wrong from the start") }),
      mutant({ id: "syntax error", replace: "if (", ...test("I1: refuses") }),
    ];
    const judged = await judgeMutants(mutants, { root, workers: 2 });
    expect(judged.map(({ mutant: { id }, fate }) => `${id}: ${fate}`)).toEqual([
      "killed: killed",
      "survived: survived",
      "gone: stale",
      "file gone: stale",
      "test gone: stale",
      "test file gone: stale",
      "red before: stale",
      "syntax error: broken",
    ]);
    expect(await readFile(join(root, "core/index.ts"), "utf8")).toBe(SOURCE);
  }, 240_000);

  it("does not call killed what it had no time for", async () => {
    const [judged] = await judgeMutants([mutant()], { root, workers: 1, budgetMs: -1 });
    expect(judged?.fate).toBe("broken");
  });
});

describe("a copy of the workspace", () => {
  it("resolves the workspace's packages to itself and foreign ones to the original, and goes away", async () => {
    const worktree = await copyWorkspace(root);
    await writeFile(join(worktree.folder, "core/index.ts"), "changed");
    const through = join(worktree.folder, "node_modules/@leashkit/core/index.ts");
    expect(await readFile(through, "utf8")).toBe("changed");
    expect(await readFile(join(root, "core/index.ts"), "utf8")).toBe(SOURCE);
    expect(existsSync(join(worktree.folder, "node_modules/vitest/package.json"))).toBe(true);
    await worktree.remove();
    expect(existsSync(worktree.folder)).toBe(false);
    expect(existsSync(join(ROOT, "node_modules/vitest/package.json"))).toBe(true);
  });
});

describe("the checked-in mutants", () => {
  it("have ids of their own", () => {
    const ids = MUTANTS.map(({ id }) => id);
    expect(ids.filter((id, index) => !/^M\d+$/u.test(id) || ids.indexOf(id) !== index)).toEqual([]);
  });

  it.each(MUTANTS)("$id applies to $file", async (listed) => {
    expect(mutate(await readFile(join(ROOT, listed.file), "utf8"), listed)).toHaveProperty("text");
  });
});
