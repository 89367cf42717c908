import type { Refusal } from "../guard.ts";
import { addressesIn, foldAddresses, holdsPort, namesPort } from "./addresses.ts";
import { isAssignment } from "./arguments.ts";
import { carriedBy, type CarriedCommand } from "./carried.ts";
import { isDestructive } from "./destructive.ts";
import { type Entry, isDenied, parseEntry } from "./entries.ts";
import { variableKind } from "./environment.ts";
import { ALWAYS_DENIED, DENIED_BUILTINS } from "./grammars/denied.table.ts";
import { commandsOf, type Line, type SimpleCommand, type Word, wordsOf } from "./line.ts";
import { feedsProgram } from "./pipes.ts";
import { touchesProtected, type View } from "./places.ts";
import { programName } from "./programs.ts";
import {
  ALWAYS,
  DENIED,
  DESK,
  DESTRUCTIVE,
  ENVIRONMENT,
  FED,
  HIDDEN,
  METADATA,
  PLACE,
  REMOTE_PROGRAM,
} from "./refusals.ts";

type Sight = Pick<View, "machine" | "folders">;

function byProgram(texts: readonly string[]): ReadonlyMap<string, readonly Entry[]> {
  const entries = texts.flatMap((text) => parseEntry(text) ?? []);
  return new Map(entries.map(({ program }) => [program, entries.filter((entry) => entry.program === program)]));
}

const ANYWHERE = byProgram(ALWAYS_DENIED);
const IN_SHELL = byProgram(DENIED_BUILTINS);

/** What nobody's yes lifts, in a command and in all that it carries. */
export function* dangersOf(command: SimpleCommand, denied: readonly Entry[], sight: Sight): Generator<Refusal> {
  if (command.assignments.some((word) => variableKind(word) === "vehicle")) yield ENVIRONMENT;
  if (command.words.length === 0) return;
  const carried = carriedBy(command.words);
  for (const inner of carried.commands) yield* dangersOfProgram(inner, denied, sight);
  for (const line of carried.lines) yield* dangersOfLine(line, sight);
  if (carried.unreadable) yield HIDDEN;
}

function* dangersOfProgram(
  { words, inShell }: CarriedCommand,
  denied: readonly Entry[],
  sight: Sight,
): Generator<Refusal> {
  if (denied.some((entry) => isDenied(entry, words))) yield DENIED;
  const name = programName(words[0]?.text ?? "");
  const builtins = inShell ? (IN_SHELL.get(name) ?? []) : [];
  if ([...(ANYWHERE.get(name) ?? []), ...builtins].some((entry) => isDenied(entry, words))) yield ALWAYS;
  if (name === "env" && !words.slice(1).some((word) => isProgram(word))) yield ALWAYS;
  if (isDestructive(words, sight)) yield DESTRUCTIVE;
  if (name === "git" && words.some(({ text }) => REMOTE_HELPER.test(text))) yield REMOTE_PROGRAM;
  if (SETS_VARIABLES.has(name) && setsVehicle(words)) yield ENVIRONMENT;
}

/** A repository that git reads from a program or from open files: `ext::sh -c id`. */
const REMOTE_HELPER = /(?:^|[=\s])(?:ext|fd)::/i;

/** Wrappers that take `NAME=value` before their program. */
const SETS_VARIABLES = new Set(["env", "sudo", "doas"]);

function setsVehicle(words: readonly Word[]): boolean {
  return words.some((word) => isAssignment(word) && variableKind(word) === "vehicle");
}

/** Without a program env shows the environment. */
function isProgram(word: Word): boolean {
  return !word.text.startsWith("-") && !isAssignment(word);
}

/** A command line that a program among the words would run. */
function* dangersOfLine(line: Line, sight: Sight): Generator<Refusal> {
  if (line.pipelines.some(feedsProgram)) yield FED;
  const words = [...commandsOf(line)].flatMap(wordsOf);
  const view: View = { ...sight, role: "path", descends: false };
  if (words.some((word) => touchesProtected(word, view))) yield PLACE;
  yield* addressDangers(words, sight.machine.ports);
}

/** Words that lead to a cloud's metadata service or to the leash itself, alone or together. */
export function* addressDangers(words: readonly Word[], ports: readonly number[]): Generator<Refusal> {
  const folded = foldAddresses(words.map(({ text }) => text).join("\n"));
  const { metadata, loopback } = addressesIn(folded);
  if (metadata) yield METADATA;
  if (namesPort(folded, ports) || (loopback && holdsPort(folded, ports))) yield DESK;
}
