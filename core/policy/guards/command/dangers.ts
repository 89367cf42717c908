import type { Refusal } from "../guard.ts";
import { addressesIn, foldAddresses, holdsPort, mayHoldAddress, namesPort } from "./addresses.ts";
import { isAssignment } from "./arguments.ts";
import { carriedBy, type CarriedCommand } from "./carried.ts";
import { isDestructive } from "./destructive.ts";
import { type Denials, denialsOf, isDeniedBy, parseEntry } from "./entries.ts";
import { variableKind } from "./environment.ts";
import { ALWAYS_DENIED, DENIED_BUILTINS } from "./grammars/denied.table.ts";
import { commandsOf, type Line, type SimpleCommand, type Word, wordsOf } from "./line.ts";
import { listedWords, listsProtected } from "./listing.ts";
import { feedsProgram } from "./pipes.ts";
import { touchesProtected, type View } from "./places.ts";
import { changesFolder } from "./programs.ts";
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

function denialsIn(texts: readonly string[]): Denials {
  return denialsOf(texts.flatMap((text) => parseEntry(text) ?? []));
}

const ANYWHERE = denialsIn(ALWAYS_DENIED);
const IN_SHELL = denialsIn(DENIED_BUILTINS);

/** What nobody's yes lifts, in a command and in all that it carries. */
export function dangersOf(command: SimpleCommand, denied: Denials, sight: Sight): Refusal | undefined {
  for (const word of command.assignments) if (variableKind(word) === "vehicle") return ENVIRONMENT;
  if (command.words.length === 0) return undefined;
  const carried = carriedBy(command.words);
  for (const inner of carried.commands) {
    const danger = dangersOfProgram(inner, denied, sight);
    if (danger !== undefined) return danger;
  }
  for (const line of carried.lines) {
    const danger = dangersOfLine(line, sight);
    if (danger !== undefined) return danger;
  }
  return carried.unreadable ? HIDDEN : undefined;
}

function dangersOfProgram(
  { words, name, inShell }: CarriedCommand,
  denied: Denials,
  sight: Sight,
): Refusal | undefined {
  if (isDeniedBy(denied, name, words)) return DENIED;
  if (isDeniedBy(ANYWHERE, name, words) || (inShell && isDeniedBy(IN_SHELL, name, words))) return ALWAYS;
  if (name === "env" && !words.slice(1).some((word) => isProgram(word))) return ALWAYS;
  if (isDestructive(name, words, sight)) return DESTRUCTIVE;
  if (name === "git" && namesHelper(words)) return REMOTE_PROGRAM;
  return SETS_VARIABLES.has(name) && setsVehicle(words) ? ENVIRONMENT : undefined;
}

/** A repository that git reads from a program or from open files: `ext::sh -c id`. */
const REMOTE_HELPER = /(?:^|[=\s])(?:ext|fd)::/i;

function namesHelper(words: readonly Word[]): boolean {
  for (const { text } of words) if (text.includes("::") && REMOTE_HELPER.test(text)) return true;
  return false;
}

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
function dangersOfLine(line: Line, sight: Sight): Refusal | undefined {
  if (line.pipelines.some(feedsProgram)) return FED;
  const commands = commandsOf(line);
  const view: View = { ...sight, role: "path", descends: false };
  const stays = commands.every(({ words }) => !changesFolder(words));
  const touches = commands.some((command) => {
    const listed = stays ? listedWords(command.words) : [];
    return wordsOf(command).some((word) =>
      listed.includes(word) ? listsProtected(word, view) : touchesProtected(word, view),
    );
  });
  return touches ? PLACE : addressDangers(commands, sight.machine.ports);
}

/** Words that lead to a cloud's metadata service or to the leash itself, alone or together. */
export function addressDangers(commands: readonly SimpleCommand[], ports: readonly number[]): Refusal | undefined {
  if (!commands.some(mayName)) return undefined;
  const words = commands.flatMap(wordsOf);
  const folded = foldAddresses(words.map(({ text }) => text).join("\n"));
  const { metadata, loopback } = addressesIn(folded);
  if (metadata) return METADATA;
  return namesPort(folded, ports) || (loopback && holdsPort(folded, ports)) ? DESK : undefined;
}

function mayName(command: SimpleCommand): boolean {
  for (const { text } of wordsOf(command)) if (mayHoldAddress(text)) return true;
  return false;
}
