import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../core/errors.ts";
import { checkDirection, checkPurity, checkRings } from "./house/direction.ts";
import { checkDoors } from "./house/doors.ts";
import { EXCEPTIONS } from "./house/exceptions.table.ts";
import { checkErrorRows, checkLeftovers, checkSkippedTests, checkWorkplace } from "./house/hygiene.ts";
import { checkFrameworkNames, checkImports } from "./house/imports.ts";
import { checkAny, checkFileSizes, checkFunctionSizes, checkHonestTypes, checkNamedExports } from "./house/shape.ts";
import { listTextFiles, parseSources, readManifest, readManifests, ROOT } from "./house/workspace.ts";

const files = listTextFiles();
const sources = parseSources(files);
const manifests = readManifests();

/** Every check by the sentence it proves. That each of them can fail is proven by the tests in `house/`. */
const CHECKS: Readonly<Record<string, () => readonly string[]>> = {
  "the parts of core use only parts of their own level or below": () => checkDirection(sources),
  "the parts of core form no ring": () => checkRings(sources),
  "the pure parts of core import nothing of the system": () => checkPurity(sources),
  "core names no framework": () => checkFrameworkNames(sources),
  "packages import only what they declare, and core by its doors": () =>
    checkImports(sources, manifests, readManifest(ROOT, "")),
  "files are short enough to read standing": () => checkFileSizes(sources),
  "functions are short enough to understand at once": () => checkFunctionSizes(sources),
  "core and packages have named exports only": () => checkNamedExports(sources),
  "nothing has the type any": () => checkAny(sources),
  "nothing but a test asserts that a value is there": () => checkHonestTypes(sources),
  "no test is left out without a printed reason": () => checkSkippedTests(sources),
  "no file names the machine it was written on": () => checkWorkplace(files),
  "no work is put off in comments": () => checkLeftovers(files),
  "every error code has a row in docs/errors.md, and every row a code": () =>
    checkErrorRows(ERROR_CODES, readFileSync(join(ROOT, "docs/errors.md"), "utf8")),
  "every package has its name, its doors and exact dependencies": () => checkDoors(manifests),
};

function isExcepted(check: string, finding: string): boolean {
  return EXCEPTIONS.some((exception) => exception.check === check && finding.startsWith(exception.startsWith));
}

describe("the house", () => {
  it("is read as a whole", () => {
    expect(manifests.map(({ folder }) => folder)).toContain("core");
    expect(sources.map(({ path }) => path)).toContain("core/errors.ts");
    expect(files.map(({ path }) => path)).toContain(".ci/run");
  });

  it.each(Object.entries(CHECKS))("%s", (check, findings) => {
    expect(findings().filter((finding) => !isExcepted(check, finding))).toEqual([]);
  });

  it("has no exception that excepts nothing, and none without a reason", () => {
    const stale = EXCEPTIONS.filter(
      ({ check, startsWith }) => !(CHECKS[check]?.() ?? []).some((finding) => finding.startsWith(startsWith)),
    );
    expect(stale).toEqual([]);
    expect(EXCEPTIONS.filter(({ reason }) => reason.trim() === "")).toEqual([]);
  });
});
