import type { Refusal } from "../guard.ts";
import { judgeBy, type Permission, type Permitted } from "./allowed.ts";
import { isAssignment, noRoles, type Roles } from "./arguments.ts";
import { addressDangers, dangersOf } from "./dangers.ts";
import type { Entry } from "./entries.ts";
import { variableKind } from "./environment.ts";
import { isNear } from "./kinds.ts";
import { commandsOf, type Line, literalWord, type Pipeline, type SimpleCommand, type Word, wordsOf } from "./line.ts";
import { DEEPEST, parseLine } from "./parse.ts";
import { feedsProgram } from "./pipes.ts";
import { type Machine, touchesProtected } from "./places.ts";
import { baseName, walksFolders } from "./programs.ts";
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
  readonly allowed: readonly Permission[];
  readonly denied: readonly Entry[];
  readonly shell: ReadonlySet<ShellFeature>;
}

/** What commands are checked against. */
interface Sight {
  readonly rules: Rules;
  readonly machine: Machine;
  /** The folders where the next command may run: the first one, and where each `cd` of the line may lead. */
  folders: readonly WordPath[];
  /** Command lines within command lines. */
  readonly depth: number;
}

/**
 * Why a command line does not pass: what is forbidden first, because a person may lift the rest. Undefined where every command
 * of it passes.
 */
export function checkLine(line: Line, rules: Rules, machine: Machine, folder: WordPath): Refusal | undefined {
  let found: Refusal | undefined;
  for (const refusal of problemsOf(line, { rules, machine, folders: [folder], depth: 0 })) {
    if (refusal.kind === "forbidden") return refusal;
    found ??= refusal;
  }
  return found;
}

function* problemsOf(line: Line, sight: Sight): Generator<Refusal> {
  if (sight.depth > DEEPEST) yield refusals.TOO_DEEP;
  yield* addressDangers([...commandsOf(line)].flatMap(wordsOf), sight.machine.ports);
  const { shell } = sight.rules;
  if (line.comments && !shell.has("comments")) yield refusals.NO_COMMENTS;
  if (line.pipelines.length > 1 && !shell.has("lists")) yield refusals.NO_LISTS;
  if (line.pipelines.length === 0) yield refusals.LIST_EMPTY;
  for (const pipeline of line.pipelines) {
    if (pipeline.length > 1 && !shell.has("pipes")) yield refusals.NO_PIPES;
    if (feedsProgram(pipeline)) yield refusals.FED;
    for (const command of pipeline) yield* commandProblems(command, sight);
    sight.folders = foldersAfter(pipeline, sight);
  }
}

function* commandProblems(command: SimpleCommand, sight: Sight): Generator<Refusal> {
  const { rules, depth } = sight;
  yield* dangersOf(command, rules.denied, sight);
  for (const word of command.assignments) yield* variableProblems(word, rules);
  for (const redirection of command.redirections) {
    const problem = redirectionProblem(redirection, rules.shell.has("redirections"), sight);
    if (problem !== undefined) yield problem;
  }
  for (const word of wordsOf(command)) {
    if (word.substituted && !rules.shell.has("substitutions")) yield refusals.SUBSTITUTION;
    if (word.glob && !rules.shell.has("globs")) yield refusals.NO_GLOBS;
    for (const nested of word.nested) yield* problemsOf(nested, { ...sight, depth: depth + 1 });
  }
  const roles = noRoles();
  const runs: (readonly Word[])[] = [];
  if (command.words.length > 0) yield* programProblems(command.words, sight, roles, runs);
  else if (command.assignments.length === 0) yield refusals.NO_PROGRAM;
  yield* placeProblems(command, sight, roles, runs);
}

function* variableProblems(word: Word, { shell }: Rules): Generator<Refusal> {
  if (!shell.has("environment")) yield refusals.NO_ENVIRONMENT;
  if (variableKind(word) === "unknown") yield refusals.VARIABLE;
}

/** @param runs gets the words of each program that would run, each one within the one before. */
function* programProblems(
  words: readonly Word[],
  sight: Sight,
  roles: Roles,
  runs: (readonly Word[])[],
): Generator<Refusal> {
  runs.push(words);
  if (runs.length > DEEPEST) yield refusals.TOO_DEEP;
  const [program, ...rest] = words;
  if (program === undefined || program.marks.size > 0 || program.substituted || program.text === "") {
    yield refusals.PROGRAM_UNKNOWN;
    return;
  }
  const { refusal, line, inner } = permitted(words, sight.rules, roles);
  if (refusal !== undefined) {
    // What the words are to the program is not known, so a pattern may be one that it expands.
    for (const word of rest) if (WILD.test(word.text) && !word.glob) roles.globs.add(word);
    yield refusal;
  }
  if (program.text === "cd") yield* folderProblems(rest, sight);
  if (inner !== undefined) {
    for (const word of rest.slice(0, rest.length - inner.length)) {
      if (isAssignment(word)) yield* variableProblems(word, sight.rules);
    }
    yield* programProblems(inner, sight, roles, runs);
  }
  if (line !== undefined) yield* shellProblems(line, sight);
}

/** What the first permission says that lets the command pass; else the strictest refusal. */
function permitted(words: readonly Word[], { allowed }: Rules, roles: Roles): Permitted {
  const program = words[0]?.text ?? "";
  let refusal: Refusal | undefined;
  for (const permission of allowed) {
    const found = noRoles();
    const judged = judgeBy(permission, words, found);
    if (judged === undefined) continue;
    if (judged.refusal === undefined) {
      for (const word of found.texts) roles.texts.add(word);
      for (const word of found.globs) roles.globs.add(word);
      return judged;
    }
    if (refusal?.kind !== "forbidden") refusal = judged.refusal;
  }
  if (refusal !== undefined) return { refusal };
  const known = allowed.some(({ entry }) => entry.program === program);
  const disguised = !known && allowed.some(({ entry }) => baseName(entry.program) === baseName(program));
  return { refusal: disguised ? refusals.PROGRAM_PATH : refusals.NOT_LISTED };
}

/** A command line that a shell is told, where the policy names the shell with `-c`. */
function* shellProblems(word: Word, sight: Sight): Generator<Refusal> {
  const line = word.unknown || word.glob ? undefined : parseLine(word.text);
  if (line === undefined || "problem" in line) yield refusals.HIDDEN;
  else yield* problemsOf(line, { ...sight, depth: sight.depth + 1 });
}

/** `cd` may lead below the working folder, by its name or, where the folder is known, by its path. */
function* folderProblems(words: readonly Word[], { machine, folders }: Sight): Generator<Refusal> {
  const target = words.find(({ text }) => !text.startsWith("-") || text === "-");
  const [start = UNKNOWN_FOLDER] = folders;
  if (target === undefined || target.marks.size > 0) {
    yield refusals.CHANGES_FOLDER;
    return;
  }
  const path = wholePath(target, machine.home);
  const below = start.absolute && path.absolute && start.steps.every((step, index) => step === path.steps[index]);
  if (!below && !isNear(target.text)) yield refusals.CHANGES_FOLDER;
}

function foldersAfter(pipeline: Pipeline, { machine, folders }: Sight): readonly WordPath[] {
  const [program, ...words] = pipeline[0]?.words ?? [];
  if (pipeline.length > 1 || program === undefined || !CHANGES_FOLDER.has(program.text)) return folders;
  const target = words.find(({ text }) => !text.startsWith("-"));
  if (target !== undefined && target.marks.size > 0) return [...folders, UNKNOWN_FOLDER];
  const path = target === undefined ? machine.home : wholePath(target, machine.home);
  const [start = UNKNOWN_FOLDER, ...led] = folders;
  // What was left behind by several steps is one of them: each is taken from each before.
  const next = [...folders, ...[start, ...led].map((folder) => joined(folder, path))];
  return next.length > MOST_FOLDERS ? [...next.slice(0, MOST_FOLDERS), UNKNOWN_FOLDER] : next;
}

const CHANGES_FOLDER = new Set(["cd", "pushd", "popd"]);

/** Folders that are kept in mind for one line. */
const MOST_FOLDERS = 16;

function* placeProblems(
  command: SimpleCommand,
  { machine, folders }: Sight,
  roles: Roles,
  runs: readonly (readonly Word[])[],
): Generator<Refusal> {
  const descends = runs.some(walksFolders);
  const named = command.words.slice(1).some((word) => !word.text.startsWith("-") && !roles.texts.has(word));
  const words = descends && !named ? [...wordsOf(command), literalWord(".")] : wordsOf(command);
  for (const word of words) {
    const role = roles.texts.has(word) ? "text" : roles.globs.has(word) ? "filter" : "path";
    const seen = role === "filter" ? wild(word) : word;
    if (touchesProtected(seen, { machine, folders, role, descends })) yield refusals.PLACE;
  }
}

const WILD = /[*?[\]]/;

/** A word in which the program itself expands `*`, `?` and brackets. */
function wild(word: Word): Word {
  const marks = Array.from(word.text.matchAll(new RegExp(WILD, "g")), ({ index }) => index);
  return { ...word, marks: new Set(marks.slice(0, MOST_MARKS)) };
}

const MOST_MARKS = 256;
