import { type CompiledGrammar, compileGrammar, type Grammar, listed } from "./grammar.ts";
import { BUILD_GRAMMARS } from "./grammars/builds.table.ts";
import { FILE_GRAMMARS } from "./grammars/files.table.ts";
import { GIT } from "./grammars/git.table.ts";
import { JAVASCRIPT_GRAMMARS } from "./grammars/javascript.table.ts";
import { NETWORK_GRAMMARS } from "./grammars/network.table.ts";
import { SEARCH_GRAMMARS } from "./grammars/search.table.ts";
import { INTERPRETERS, SHELLS, WRAPPER_GRAMMARS } from "./grammars/wrappers.table.ts";
import { WRITE_GRAMMARS } from "./grammars/writes.table.ts";
import type { Word } from "./line.ts";

const GRAMMARS: ReadonlyMap<string, Grammar> = new Map(
  [
    FILE_GRAMMARS,
    WRITE_GRAMMARS,
    SEARCH_GRAMMARS,
    JAVASCRIPT_GRAMMARS,
    BUILD_GRAMMARS,
    NETWORK_GRAMMARS,
    WRAPPER_GRAMMARS,
    { git: GIT },
  ].flatMap((grammars) => Object.entries(grammars)),
);

/** Compiled once, when first asked for: few policies need many of them. */
const COMPILED = new Map<string, CompiledGrammar>();

/** The grammar of a program, ready to judge; undefined for a program that has none. */
export function grammarOf(program: string): CompiledGrammar | undefined {
  const source = GRAMMARS.get(program);
  if (source === undefined) return undefined;
  const compiled = COMPILED.get(program) ?? compileGrammar(source);
  COMPILED.set(program, compiled);
  return compiled;
}

/** What makes each known program walk through folders: one of these options, or nothing that it needs. */
const WALKS: ReadonlyMap<string, readonly string[] | "always"> = new Map(
  Array.from(GRAMMARS, ([name, { descends }]) => [name, descends === true ? "always" : listed(descends)]),
);

/** True for a program that walks through folders with these words, and for one of which nothing is known. */
export function walksFolders(words: readonly Word[]): boolean {
  const walks = WALKS.get(baseName(words[0]?.text ?? ""));
  if (walks === undefined || walks === "always") return true;
  return walks.length > 0 && words.some(({ text }) => walks.some((option) => holdsOption(text, option)));
}

/** An option alone, or a short one among others. */
function holdsOption(text: string, option: string): boolean {
  if (option.startsWith("--")) return text === option;
  return text.startsWith("-") && !text.startsWith("--") && text.includes(option.slice(1), 1);
}

const CHANGES_FOLDER = new Set(["cd", "pushd", "popd"]);

/** True for a command behind which its shell works in another folder. */
export function changesFolder([program]: readonly Word[]): boolean {
  return program !== undefined && CHANGES_FOLDER.has(program.text);
}

/** The last name of a program's path, as it was written. */
export function baseName(program: string): string {
  return program.slice(program.lastIndexOf("/") + 1);
}

/** A program as it is known wherever it lies: no folder, no case, no `.exe`. */
export function programName(text: string): string {
  if (isBareName(text)) return text;
  const name = text.slice(Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\")) + 1).toLowerCase();
  return name.endsWith(".exe") ? name.slice(0, -".exe".length) : name;
}

/** Small letters only, which nothing is left out of. */
function isBareName(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < SMALL_A || code > SMALL_Z) return false;
  }
  return true;
}

const [SMALL_A, SMALL_Z] = [97, 122] as const;

const SHELL_NAMES = new Set(SHELLS);
const INTERPRETER_NAMES = new Set(INTERPRETERS.map((name) => name.toLowerCase()));

export function isShell(program: string): boolean {
  return isAmong(SHELL_NAMES, program);
}

export function isInterpreter(program: string): boolean {
  return isAmong(INTERPRETER_NAMES, program);
}

/** `python3.11`, `lua5.4`: versions are part of the name. */
const VERSION = /[0-9][0-9.]*$/;

function isAmong(names: ReadonlySet<string>, program: string): boolean {
  if (names.has(program)) return true;
  const last = program.at(-1) ?? "";
  return (last === "." || (last >= "0" && last <= "9")) && names.has(program.replace(VERSION, ""));
}
