import type { Refusal } from "../guard.ts";
import { judgeBy, type Permission, permit, type Permitted } from "./allowed.ts";
import { isAssignment } from "./arguments.ts";
import { addGlob, addListed, addRoles, noRoles, type Roles } from "./roles.ts";
import { addressDangers, dangersOf } from "./dangers.ts";
import { type Denials, denialsOf, type Entry } from "./entries.ts";
import { variableKind } from "./environment.ts";
import { isNear } from "./kinds.ts";
import { commandsOf, type Line, literalWord, type Pipeline, type SimpleCommand, type Word, wordsOf } from "./line.ts";
import { listedWords, listsProtected } from "./listing.ts";
import { DEEPEST, parseLine } from "./parse.ts";
import { feedsProgram } from "./pipes.ts";
import { isUnknown, type Machine, touchesProtected, type View } from "./places.ts";
import { baseName, changesFolder, walksFolders } from "./programs.ts";
import { isQuiet, type Names } from "./quiet.ts";
import { redirectionProblem } from "./redirections.ts";
import * as refusals from "./refusals.ts";
import { joined, UNKNOWN_FOLDER, wholePath, type WordPath } from "./steps.ts";

/** What a shell may do beside running one command with literal words. */
export const SHELL_FEATURES = [
  "pipes",
  "lists",
  "redirections",
  "substitutions",
  "environment",
  "globs",
  "comments",
] as const;

export type ShellFeature = (typeof SHELL_FEATURES)[number];

/** What a policy says of commands, ready to check. */
export interface Rules {
  /** By the program, as it is written. */
  readonly allowed: ReadonlyMap<string, readonly Permission[]>;
  /** The programs that are allowed, without their folders. */
  readonly names: ReadonlySet<string>;
  readonly denied: Denials;
  readonly shell: ReadonlySet<ShellFeature>;
}

export function rulesOf(allowed: readonly Entry[], denied: readonly Entry[], shell: ReadonlySet<ShellFeature>): Rules {
  const permissions = new Map<string, readonly Permission[]>();
  for (const entry of allowed) {
    permissions.set(entry.program, [...(permissions.get(entry.program) ?? []), permit(entry)]);
  }
  const names = new Set(allowed.map(({ program }) => baseName(program)));
  return { allowed: permissions, names, denied: denialsOf(denied), shell };
}

/** What commands are checked against, and what was found. */
interface Sight {
  readonly rules: Rules;
  readonly machine: Machine;
  /** The folders where the next command may run: the first one, and where each `cd` of the line may lead. */
  folders: readonly WordPath[];
  /** No word of the line is one that must be looked at closely while the folder is not known. */
  quiet: boolean;
  /** Command lines within command lines. */
  readonly depth: number;
  /** Of the whole line. */
  readonly found: Found;
}

interface Found {
  /** The first thing that is not listed: a person may lift it. */
  outside: Refusal | undefined;
}

/**
 * Why a command line does not pass: what is forbidden first, because a person may lift the rest. Undefined where every command
 * of it passes.
 */
export function checkLine(line: Line, rules: Rules, machine: Machine, folder: WordPath): Refusal | undefined {
  const found: Found = { outside: undefined };
  return forbiddenIn(line, { rules, machine, folders: [folder], quiet: false, depth: 0, found }) ?? found.outside;
}

/** Gives back what is forbidden, which ends the check, and notes what is not listed. */
function weigh(refusal: Refusal | undefined, { found }: Sight): Refusal | undefined {
  if (refusal?.kind !== "outside") return refusal;
  found.outside ??= refusal;
  return undefined;
}

/** The first thing in a line that is forbidden. */
function forbiddenIn(line: Line, sight: Sight): Refusal | undefined {
  if (sight.depth > DEEPEST) return refusals.TOO_DEEP;
  const commands = commandsOf(line);
  sight.quiet = areQuiet(commands, sight.machine.names);
  const danger = sight.quiet ? undefined : addressDangers(commands, sight.machine.ports);
  if (danger !== undefined) return danger;
  const { shell } = sight.rules;
  if (line.comments && !shell.has("comments")) weigh(refusals.NO_COMMENTS, sight);
  if (line.pipelines.length > 1 && !shell.has("lists")) weigh(refusals.NO_LISTS, sight);
  if (line.pipelines.length === 0) return refusals.LIST_EMPTY;
  for (const pipeline of line.pipelines) {
    if (pipeline.length > 1 && !shell.has("pipes")) weigh(refusals.NO_PIPES, sight);
    if (feedsProgram(pipeline)) return refusals.FED;
    for (const command of pipeline) {
      const forbidden = forbiddenInCommand(command, sight);
      if (forbidden !== undefined) return forbidden;
    }
    sight.folders = foldersAfter(pipeline, sight);
  }
  return undefined;
}

function areQuiet(commands: readonly SimpleCommand[], leash: Names | undefined): boolean {
  if (leash === undefined) return false;
  for (const command of commands) {
    for (const { text } of wordsOf(command)) if (!isQuiet(text, leash)) return false;
  }
  return true;
}

function forbiddenInCommand(command: SimpleCommand, sight: Sight): Refusal | undefined {
  const danger = dangersOf(command, sight.rules.denied, sight);
  if (danger !== undefined) return danger;
  for (const word of command.assignments) weighVariable(word, sight);
  for (const redirection of command.redirections) {
    const problem = redirectionProblem(redirection, sight.rules.shell.has("redirections"), sight);
    if (weigh(problem, sight) !== undefined) return problem;
  }
  const forbidden = forbiddenInWords(wordsOf(command), sight);
  if (forbidden !== undefined) return forbidden;
  const roles = noRoles();
  const runs = command.words.length > 0 ? [command.words] : [];
  if (command.words.length > 0) {
    const problem = forbiddenProgram(command.words, sight, roles, runs);
    if (problem !== undefined) return problem;
  } else if (command.assignments.length === 0) weigh(refusals.NO_PROGRAM, sight);
  // Nor does the folder itself touch anything where it is not known.
  if (sight.quiet && isUnknown(sight.folders)) return undefined;
  return touchesPlace(command, sight, roles, runs) ? refusals.PLACE : undefined;
}

/** How the words are written, whatever they are to their program. */
function forbiddenInWords(words: readonly Word[], sight: Sight): Refusal | undefined {
  const { shell } = sight.rules;
  for (const word of words) {
    if (word.substituted && !shell.has("substitutions")) return refusals.SUBSTITUTION;
    if (word.glob && !shell.has("globs")) weigh(refusals.NO_GLOBS, sight);
    for (const nested of word.nested) {
      const forbidden = forbiddenIn(nested, { ...sight, depth: sight.depth + 1 });
      if (forbidden !== undefined) return forbidden;
    }
  }
  return undefined;
}

function weighVariable(word: Word, sight: Sight): void {
  if (!sight.rules.shell.has("environment")) weigh(refusals.NO_ENVIRONMENT, sight);
  if (variableKind(word) === "unknown") weigh(refusals.VARIABLE, sight);
}

/** @param runs ends with these words; gets those of each program that would run, each one within the one before. */
function forbiddenProgram(
  words: readonly Word[],
  sight: Sight,
  roles: Roles,
  runs: (readonly Word[])[],
): Refusal | undefined {
  if (runs.length > DEEPEST) return refusals.TOO_DEEP;
  const [program] = words;
  if (program === undefined || program.marks.size > 0 || program.substituted || program.text === "") {
    return refusals.PROGRAM_UNKNOWN;
  }
  const rest = words.slice(1);
  const { refusal, line, inner } = permitted(program.text, rest, sight.rules, roles);
  if (refusal !== undefined) {
    // What the words are to the program is not known, so a pattern may be one that it expands.
    for (const word of rest) if (WILD.test(word.text) && !word.glob) addGlob(roles, word);
    for (const word of listedWords(words)) addListed(roles, word);
    if (weigh(refusal, sight) !== undefined) return refusal;
  }
  if (program.text === "cd") weigh(folderProblem(rest, sight), sight);
  if (inner !== undefined) {
    for (const word of rest.slice(0, rest.length - inner.length)) if (isAssignment(word)) weighVariable(word, sight);
    runs.push(inner);
    const forbidden = forbiddenProgram(inner, sight, roles, runs);
    if (forbidden !== undefined) return forbidden;
  }
  return line && forbiddenInShell(line, sight);
}

/** What the first permission says that lets the command pass; else the strictest refusal. */
function permitted(program: string, words: readonly Word[], { allowed, names }: Rules, roles: Roles): Permitted {
  const permissions = allowed.get(program);
  let refusal: Refusal | undefined;
  for (const permission of permissions ?? []) {
    const found = noRoles();
    const judged = judgeBy(permission, words, found);
    if (judged === undefined) continue;
    if (judged.refusal === undefined) {
      addRoles(roles, found);
      return judged;
    }
    if (refusal?.kind !== "forbidden") refusal = judged.refusal;
  }
  if (refusal !== undefined) return { refusal };
  const disguised = permissions === undefined && names.has(baseName(program));
  return { refusal: disguised ? refusals.PROGRAM_PATH : refusals.NOT_LISTED };
}

/** A command line that a shell is told, where the policy names the shell with `-c`. */
function forbiddenInShell(word: Word, sight: Sight): Refusal | undefined {
  const line = word.unknown || word.glob ? undefined : parseLine(word.text);
  if (line === undefined || "problem" in line) return refusals.HIDDEN;
  return forbiddenIn(line, { ...sight, depth: sight.depth + 1 });
}

/** `cd` may lead below the working folder, by its name or, where the folder is known, by its path. */
function folderProblem(words: readonly Word[], { machine, folders }: Sight): Refusal | undefined {
  const target = words.find(({ text }) => !text.startsWith("-") || text === "-");
  const [start = UNKNOWN_FOLDER] = folders;
  if (target === undefined || target.marks.size > 0) return refusals.CHANGES_FOLDER;
  const path = wholePath(target, machine.home);
  const below = start.absolute && path.absolute && start.steps.every((step, index) => step === path.steps[index]);
  return below || isNear(target.text) ? undefined : refusals.CHANGES_FOLDER;
}

function foldersAfter(pipeline: Pipeline, { machine, folders }: Sight): readonly WordPath[] {
  const words = pipeline[0]?.words ?? [];
  if (pipeline.length > 1 || !changesFolder(words)) return folders;
  const target = words.slice(1).find(({ text }) => !text.startsWith("-"));
  if (target !== undefined && target.marks.size > 0) return [...folders, UNKNOWN_FOLDER];
  const path = target === undefined ? machine.home : wholePath(target, machine.home);
  const [start = UNKNOWN_FOLDER, ...led] = folders;
  // What was left behind by several steps is one of them: each is taken from each before.
  const next = [...folders, ...[start, ...led].map((folder) => joined(folder, path))];
  return next.length > MOST_FOLDERS ? [...next.slice(0, MOST_FOLDERS), UNKNOWN_FOLDER] : next;
}

/** Folders that are kept in mind for one line. */
const MOST_FOLDERS = 16;

/** True when a word of the command names a protected place, or the folder in which the command walks around holds one. */
function touchesPlace(
  command: SimpleCommand,
  { machine, folders }: Sight,
  roles: Roles,
  runs: readonly (readonly Word[])[],
): boolean {
  const view: View = { machine, folders, role: "path", descends: runs.some(walksFolders) };
  for (const word of wordsOf(command)) if (touchesAs(roles, word, view)) return true;
  if (!view.descends) return false;
  const named = command.words
    .slice(1)
    .some((word) => !word.text.startsWith("-") && roles.texts?.includes(word) !== true);
  return !named && touchesProtected(literalWord("."), view);
}

function touchesAs({ texts, globs, listed }: Roles, word: Word, view: View): boolean {
  const { machine, folders, descends } = view;
  if (listed?.includes(word) === true) return listsProtected(word, view);
  if (texts?.includes(word) === true) return touchesProtected(word, { machine, folders, role: "text", descends });
  if (globs?.includes(word) === true)
    return touchesProtected(wild(word), { machine, folders, role: "filter", descends });
  return touchesProtected(word, view);
}

const WILD = /[*?[\]]/;
const EVERY_WILD = /[*?[\]]/g;

/** A word in which the program itself expands `*`, `?` and brackets. */
function wild(word: Word): Word {
  if (word.marks.size === 0 && !WILD.test(word.text)) return word;
  const marks = Array.from(word.text.matchAll(EVERY_WILD), ({ index }) => index);
  return { ...word, marks: new Set(marks.slice(0, MOST_MARKS)) };
}

const MOST_MARKS = 256;
