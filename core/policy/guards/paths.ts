import type { Json } from "../../model/json.ts";
import { readOptions } from "../../options.ts";
import { describe } from "../located.ts";
import { namesOf, oneOf, type Reader } from "../readers.ts";
import { forbidden, type Guard, type GuardForm, outside, type Probes, type Refusal } from "./guard.ts";
import { inputPaths, invalidOption, stepsOf, textsAt } from "./input-texts.ts";
import { endsWithExtension, holdsExtension, parseExtension, partsOf } from "./paths/extensions.ts";
import { compileGlob, type Glob, globMeets, globProblem } from "./paths/glob.ts";
import { isProtected, type Places, placesOf, realPathOf } from "./paths/places.ts";
import { characterProblem, foldCase, lexicalSegments, spellingProblem } from "./paths/text.ts";

/** What a path guard lets pass. Patterns are those of `compileGlob`, extensions such as `.pem`. */
export interface PathOptions {
  /** Where the paths stand in the input, each a text or a list of texts. Every one must be there. Default `input.path`. */
  readonly path?: string | readonly string[];
  /** The absolute folder that the tool takes relative paths from. Default: relative paths are forbidden. */
  readonly relativeTo?: string;
  /** Default: whatever is not denied. */
  readonly allowedPaths?: readonly string[];
  /** Compared without case. They speak of the path itself, not of what a tool does with all that is below it. */
  readonly deniedPaths?: readonly string[];
  /** The name must end with one of them. Default: any name, and none. */
  readonly allowExtensions?: readonly string[];
  /** The name must hold none of them after any of its dots. */
  readonly denyExtensions?: readonly string[];
  /**
   * Whether a file that has several names in the file system may be read and written under one of them. Default `deny`, for
   * tools that read as well: the other name may be that of a denied file.
   */
  readonly hardLinks?: "deny" | "allow";
}

type Settings = { readonly [Key in keyof PathOptions]-?: PathOptions[Key] | undefined };

const NO_OPTIONS: Settings = {
  path: "input.path",
  relativeTo: undefined,
  allowedPaths: undefined,
  deniedPaths: undefined,
  allowExtensions: undefined,
  denyExtensions: undefined,
  hardLinks: "deny",
};

interface Rules {
  readonly base: string | undefined;
  readonly allowed: readonly Glob[] | undefined;
  readonly denied: readonly Glob[];
  readonly allowedExtensions: readonly string[] | undefined;
  readonly deniedExtensions: readonly string[];
  readonly hardLinks: boolean;
}

/** Paths of one call; more are no work for a tool that handles files one by one. */
const MOST_PATHS = 256;

const MISSING = forbidden("path_missing", "the call names no path where the policy expects one");
const TOO_MANY = forbidden("path_too_many", `the call names more than ${MOST_PATHS} paths`);
const NO_PLACES = forbidden("places_unknown", "nobody knows where the leash keeps its own files");
const RELATIVE = forbidden("path_relative", "the path is relative, and the policy does not say to what");
const UNKNOWN = forbidden("realpath_unknown", "nobody knows where the path really leads");
const STRANGE = forbidden("realpath_spelling", "the path leads to a name that programs read in different ways");
const PROTECTED = forbidden("path_protected", "the path leads to the leash's own files, or into processes and devices");
const DENIED = forbidden("path_denied", "the policy denies the path, or what it leads to");
const EXTENSION = forbidden("extension_denied", "the policy denies files with this extension");
const SPECIAL = forbidden("path_special", "the path leads to a device, a socket or a pipe");
const LINKED = forbidden("path_hard_link", "the file has other names, and the policy cannot see which");
const NOT_LISTED = outside("path_not_listed", "the path, or what it leads to, is not among the allowed ones");
const OTHER_EXTENSION = outside("extension_not_listed", "the policy lists no such extension");

/**
 * Guards paths of files and folders by where they really lead: the path as written and the real path must both be allowed and
 * neither denied. Needs the probe `realpath:<path>` for each path, and `self:places`.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an option that cannot be read.
 * @example
 * pathGuard({ allowedPaths: ["/workspace/**"], denyExtensions: [".env", ".pem", ".key"] });
 */
export function pathGuard(options: PathOptions = {}): Guard {
  const settings = readOptions<Settings>("a path guard", options, NO_OPTIONS, { hardLinks: ["deny", "allow"] });
  const inputs = stepsOf("path", [settings.path ?? []].flat());
  const rules = rulesOf(settings);
  return {
    name: "paths",
    needs(input) {
      const keys = inputs
        .flatMap((steps) => textsAt(input, steps)?.slice(0, MOST_PATHS) ?? [])
        .flatMap((path) => {
          const full = spellingProblem(path) === undefined ? fullPath(path, rules.base) : undefined;
          return full === undefined ? [] : [full];
        });
      const paths = [...new Set(keys)].map((key) => ({ kind: "realpath", key }) as const);
      return [{ kind: "self", key: "places" }, ...paths];
    },
    check: (input, probes) => checkInput(input, inputs, rules, probes),
  };
}

function rulesOf(settings: Settings): Rules {
  const globs = (what: string, list: readonly string[] | undefined, fold: boolean): readonly Glob[] | undefined =>
    list?.map((text) => {
      const problem = globProblem(text);
      if (problem !== undefined) throw invalidOption(what, `the pattern ${JSON.stringify(text)} ${problem}`);
      return compileGlob(text, fold);
    });
  const extensions = (what: string, list: readonly string[] | undefined): readonly string[] | undefined =>
    list?.map((text) => {
      const extension = parseExtension(text);
      if (extension === undefined) throw invalidOption(what, `${JSON.stringify(text)} is no extension such as .pem`);
      return extension;
    });
  const base = settings.relativeTo;
  if (base !== undefined && !isPlainFolder(base)) throw invalidOption("relativeTo", "it must be an absolute folder");
  return {
    base,
    allowed: globs("allowedPaths", settings.allowedPaths, false),
    denied: globs("deniedPaths", settings.deniedPaths, true) ?? [],
    allowedExtensions: extensions("allowExtensions", settings.allowExtensions),
    deniedExtensions: extensions("denyExtensions", settings.denyExtensions) ?? [],
    hardLinks: settings.hardLinks === "allow",
  };
}

function isPlainFolder(path: string): boolean {
  return path.startsWith("/") && spellingProblem(path) === undefined && `/${lexicalSegments(path).join("/")}` === path;
}

function fullPath(path: string, base: string | undefined): string | undefined {
  if (path.startsWith("/")) return path;
  return base === undefined ? undefined : `${base}/${path}`;
}

function checkInput(
  input: Json,
  inputs: readonly (readonly string[])[],
  rules: Rules,
  probes: Probes,
): Refusal | undefined {
  const places = placesOf(probes);
  if (places === undefined) return NO_PLACES;
  let found: Refusal | undefined;
  for (const steps of inputs) {
    const paths = textsAt(input, steps);
    if (paths === undefined) return MISSING;
    if (paths.length > MOST_PATHS) return TOO_MANY;
    for (const path of paths) {
      const refusal = checkPath(path, rules, places, probes);
      if (refusal?.kind === "forbidden") return refusal;
      found ??= refusal;
    }
  }
  return found;
}

function checkPath(path: string, rules: Rules, places: Places, probes: Probes): Refusal | undefined {
  const problem = spellingProblem(path);
  if (problem !== undefined) return problem;
  const full = fullPath(path, rules.base);
  if (full === undefined) return RELATIVE;
  const real = realPathOf(probes, full);
  if (real === undefined) return UNKNOWN;
  if (characterProblem(real.path) !== undefined) return STRANGE;
  const written = lexicalSegments(full);
  const led = real.path === full ? written : lexicalSegments(real.path);
  const refusal = denied(written, rules, places) ?? (led === written ? undefined : denied(led, rules, places));
  if (refusal !== undefined) return refusal;
  if (real.kind === "other") return SPECIAL;
  if (real.kind === "file" && real.links !== 1 && !rules.hardLinks) return LINKED;
  return notListed(written, rules, places) ?? (led === written ? undefined : notListed(led, rules, places));
}

function denied(path: readonly string[], rules: Rules, places: Places): Refusal | undefined {
  for (const form of aliases(path.map(foldCase))) {
    if (isProtected(form, places)) return PROTECTED;
    if (rules.denied.some((glob) => globMeets(glob, form, places.foldedHome))) return DENIED;
  }
  if (rules.deniedExtensions.length === 0) return undefined;
  const name = partsOf(path.at(-1) ?? "");
  return rules.deniedExtensions.some((extension) => holdsExtension(name, extension)) ? EXTENSION : undefined;
}

/** A path and the other name that macOS has for it: `/private/etc` is `/etc`, and the data volume is mounted over the root. */
function aliases(path: readonly string[]): readonly (readonly string[])[] {
  const [first, second, third] = path;
  if (first === "system" && second === "volumes" && third === "data") return [path, ...aliases(path.slice(3))];
  return first === "private" ? [path, path.slice(1)] : [path];
}

function notListed(path: readonly string[], rules: Rules, places: Places): Refusal | undefined {
  if (rules.allowed?.some((glob) => globMeets(glob, path, places.home)) === false) return NOT_LISTED;
  const name = path.at(-1) ?? "";
  return rules.allowedExtensions?.some((extension) => endsWithExtension(name, extension)) === false
    ? OTHER_EXTENSION
    : undefined;
}

/** The keys of a path guard. */
export interface PathForm {
  readonly path?: readonly string[];
  readonly relative_to?: string;
  readonly allowed_paths?: readonly string[];
  readonly denied_paths?: readonly string[];
  readonly allow_extensions?: readonly string[];
  readonly deny_extensions?: readonly string[];
  readonly hard_links?: "deny" | "allow";
}

const glob: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  const problem = typeof value === "string" ? globProblem(value) : `must be a text, not ${describe(node)}`;
  if (typeof value === "string" && problem === undefined) return value;
  report("bad_pattern", node.place, `a path pattern ${problem}`, "for example /workspace/**, ~/notes/*.md");
  return undefined;
};

const extension: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && parseExtension(value) !== undefined) return value;
  report("bad_value", node.place, "an extension is a dot and letters or digits", "for example .pem");
  return undefined;
};

const folder: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && isPlainFolder(value)) return value;
  report("bad_value", node.place, "`relative_to` must be an absolute folder", "for example /workspace");
  return undefined;
};

/** `allowed_paths` and its companions. */
export const pathForm: GuardForm<PathForm> = {
  keys: {
    path: inputPaths("`path`"),
    relative_to: folder,
    allowed_paths: namesOf("`allowed_paths`", glob),
    denied_paths: namesOf("`denied_paths`", glob),
    allow_extensions: namesOf("`allow_extensions`", extension),
    deny_extensions: namesOf("`deny_extensions`", extension),
    hard_links: oneOf("`hard_links`", ["deny", "allow"]),
  },
  check(block, report) {
    const { values } = block;
    const { allowed_paths, denied_paths, allow_extensions, deny_extensions } = values;
    if ([allowed_paths, denied_paths, allow_extensions, deny_extensions].some((list) => list !== undefined)) return;
    for (const key of ["path", "relative_to", "hard_links"] as const) {
      if (values[key] === undefined) continue;
      report("misplaced_key", block.placeOf(key), `\`${key}\` means nothing without a list of paths or extensions`);
    }
  },
  create(values) {
    if (Object.keys(pathForm.keys).every((key) => !Object.hasOwn(values, key))) return undefined;
    return pathGuard(optionsOf(values));
  },
};

function optionsOf(values: PathForm): PathOptions {
  const { path, relative_to, allowed_paths, denied_paths, allow_extensions, deny_extensions, hard_links } = values;
  return {
    ...(path && { path }),
    ...(relative_to !== undefined && { relativeTo: relative_to }),
    ...(allowed_paths && { allowedPaths: allowed_paths }),
    ...(denied_paths && { deniedPaths: denied_paths }),
    ...(allow_extensions && { allowExtensions: allow_extensions }),
    ...(deny_extensions && { denyExtensions: deny_extensions }),
    ...(hard_links && { hardLinks: hard_links }),
  };
}
