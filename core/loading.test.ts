import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

/** What is loaded by the module and by everything that it imports at once; what is imported when it is needed is not. */
function loadedBy(entry: string): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set([entry]);
  const packages = new Set<string>();
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    for (const [, types, name = ""] of text.matchAll(/^(?:import|export)( type)? (?:[^;"]*? from )?"([^"]+)";/gmu)) {
      if (types !== undefined) continue;
      if (name.startsWith(".")) files.add(join(dirname(file), name));
      else packages.add(name);
    }
  }
  return { files, packages };
}

describe("the core's door", () => {
  const { files, packages } = loadedBy(join(import.meta.dirname, "index.ts"));

  it("opens without what only a policy or a transport needs: those are loaded when they are", () => {
    for (const lazy of ["yaml", "re2js", "axios", "zod", "@bufbuild/cel", "@bufbuild/protobuf", "@opentelemetry/api"])
      expect([...packages].filter((name) => name === lazy || name.startsWith(`${lazy}/`))).toEqual([]);
    expect([...files].filter((file) => file.endsWith("policy/load.ts"))).toEqual([]);
  });

  it("is looked at as a whole: its modules are found, and what they import at once", () => {
    expect(files.size).toBeGreaterThan(100);
    expect([...files].filter((file) => !existsSync(file))).toEqual([]);
    expect(packages).toContain("node:crypto");
    expect(loadedBy(join(import.meta.dirname, "policy/index.ts")).packages).toContain("re2js");
  });
});
