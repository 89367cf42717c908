import { parseSource, type Source } from "./source.ts";
import type { Manifest } from "./workspace.ts";

/** Files as the checks get them, by their paths. */
export const sources = (samples: Readonly<Record<string, string>>): readonly Source[] =>
  Object.entries(samples).map(([path, text]) => parseSource(path, text));

/** What a code door must lead to. */
export const door = (stem: string): Readonly<Record<string, string>> => ({
  "leashkit:source": `./${stem}.ts`,
  types: `./dist/${stem}.d.ts`,
  default: `./dist/${stem}.js`,
});

/** A package as it must be, but for what is stated. */
export const manifest = (folder: string, members: Partial<Manifest> = {}): Manifest => ({
  folder,
  name: `@leashkit/${folder.replace("packages/", "")}`,
  version: "1.0.0",
  exports: { ".": door("index") },
  dependencies: { "@leashkit/core": "1.0.0" },
  optionalDependencies: {},
  peerDependencies: {},
  devDependencies: {},
  ...members,
});

/** Core as it must be. */
export const core = manifest("core", {
  exports: {
    ".": door("index"),
    "./testing": door("testing/index"),
    "./leash.schema.json": "./leash.schema.json",
  },
  dependencies: { yaml: "2.9.1" },
});
