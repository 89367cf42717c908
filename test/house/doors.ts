import { FRAMEWORKS } from "./imports.ts";
import type { Manifest } from "./workspace.ts";

interface Doors {
  readonly required: readonly string[];
  readonly allowed: readonly string[];
}

/** What a package lets in. Everything else is private, whatever its file is called. */
export const DOORS: { readonly core: Doors; readonly others: Doors } = {
  core: { required: [".", "./testing", "./leash.schema.json"], allowed: ["./remote", "./store", "./package.json"] },
  others: { required: ["."], allowed: ["./package.json"] },
};

/** Names, doors and dependencies of the packages as they must be for one release of all of them. */
export function checkDoors(manifests: readonly Manifest[]): readonly string[] {
  const core = manifests.find(({ folder }) => folder === "core");
  return manifests.flatMap((manifest) => {
    const findings = [...nameFindings(manifest), ...doorFindings(manifest), ...dependencyFindings(manifest, core)];
    return findings.map((finding) => `${manifest.folder}/package.json: ${finding}`);
  });
}

function nameFindings({ folder, name }: Manifest): readonly string[] {
  const expected = `@leashkit/${folder.replace(/^packages\//u, "")}`;
  return name === expected ? [] : [`is named ${name}, not ${expected}`];
}

function doorFindings(manifest: Manifest): readonly string[] {
  const doors = manifest.folder === "core" ? DOORS.core : DOORS.others;
  const keys = Object.keys(manifest.exports);
  return [
    ...doors.required.filter((door) => !keys.includes(door)).map((door) => `has no door ${door}`),
    ...keys
      .filter((key) => !doors.required.includes(key) && !doors.allowed.includes(key))
      .map((key) => `${key} is no door of this package`),
    ...Object.entries(manifest.exports).flatMap(([key, target]) => targetFindings(key, target)),
  ];
}

/** A code door leads to its source in development, and to its declarations and its code where it is installed. */
function targetFindings(key: string, target: string | Readonly<Record<string, string>>): readonly string[] {
  if (key.endsWith(".json")) return target === key ? [] : [`${key} must lead to ${key}`];
  const stem = key === "." ? "index" : `${key.slice(2)}/index`;
  const expected = {
    "leashkit:source": `./${stem}.ts`,
    types: `./dist/${stem}.d.ts`,
    default: `./dist/${stem}.js`,
  };
  return JSON.stringify(target) === JSON.stringify(expected) ? [] : [`${key} must lead to ${JSON.stringify(expected)}`];
}

function dependencyFindings(manifest: Manifest, core: Manifest | undefined): readonly string[] {
  const dependencies = Object.entries(manifest.dependencies);
  const loose = dependencies
    .filter(([, range]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/u.test(range))
    .map(([name, range]) => `${name} must be pinned exactly, not ${range}`);
  const frameworks = dependencies
    .filter(([name]) => FRAMEWORKS.test(name) && !name.startsWith("@leashkit/"))
    .map(([name]) => `${name} is a framework and must be a peer, so that there is one copy of it`);
  if (manifest.folder === "core") return [...loose, ...frameworks];
  const version = manifest.dependencies["@leashkit/core"];
  const matched = version === core?.version ? [] : [`must depend on @leashkit/core ${core?.version}, not ${version}`];
  return [...loose, ...frameworks, ...matched];
}
