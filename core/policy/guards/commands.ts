import type { Json } from "../../model/json.ts";
import { readOptions } from "../../options.ts";
import { parseInputPath, valueAt } from "../language/paths.ts";
import { describe } from "../located.ts";
import { listOf, namesOf, oneOf, type Reader } from "../readers.ts";
import { checkLine, rulesOf, SHELL_FEATURES, type ShellFeature } from "./command/check.ts";
import { type Entry, isDenied, parseEntry } from "./command/entries.ts";
import { type Line, literalWord } from "./command/line.ts";
import { isCleanText, LONGEST_LINE, MOST_WORDS, parseLine } from "./command/parse.ts";
import { type Machine, machineReader, touchesProtected } from "./command/places.ts";
import { BAD_ARGUMENT, BAD_FOLDER, LIST_EMPTY, NO_PLACES, PLACE } from "./command/refusals.ts";
import { UNKNOWN_FOLDER, wholePath, type WordPath } from "./command/steps.ts";
import { forbidden, type Guard, type GuardForm, type Refusal } from "./guard.ts";
import { invalidOption, stepsOf } from "./input-texts.ts";

export type { ShellFeature } from "./command/check.ts";

/** What a command guard lets pass. */
export interface CommandOptions {
  /**
   * Where the command stands in the input: a text, read as a POSIX shell or bash reads it, or a list of texts, which are a
   * program and its words without any shell. Default `input.command`.
   */
  readonly command?: string;
  /**
   * Programs (`ls`), and programs with the words that must come first (`git status`). A program that is known is held to the
   * harmless part of its command line; one that can run others passes only with words that an entry names; one that is not
   * known passes with plain words only. Default: none, so that every command is `outside`.
   */
  readonly allowedCommands?: readonly string[];
  /** The same form. Forbidden under any path, behind wrappers such as `sudo` and within `sh -c`. Default: none. */
  readonly deniedCommands?: readonly string[];
  /** Default: pipes, lists, globs and comments. */
  readonly allowShell?: readonly ShellFeature[];
  /** Where the working folder stands in the input. Default: it is not known, and the command's paths are judged without. */
  readonly cwd?: string;
}

type Settings = { readonly [Key in keyof CommandOptions]-?: CommandOptions[Key] | undefined };

const NO_OPTIONS: Settings = {
  command: "input.command",
  allowedCommands: [],
  deniedCommands: [],
  allowShell: ["pipes", "lists", "globs", "comments"],
  cwd: undefined,
};

/**
 * Guards commands by a shell's grammar: every simple command of the line must be listed, and each of its words must be harmless
 * for its program. What cannot be read, is not known before it runs, or touches a protected place (credentials, the leash's own
 * folders and ports, other processes, disks, metadata services) is `forbidden`; what is merely not listed is `outside`.
 *
 * It judges words. It does not see where links lead, what a program comes across that walks through folders (`grep -r`), nor
 * what the project's own scripts and tests do. The shell that runs the text must be one that nobody types into, sh or bash,
 * without aliases and without `dotglob`.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an option that cannot be read.
 * @example
 * const guard = commandGuard({ allowedCommands: ["ls", "git", "npm run"] });
 * guard.check({ command: "git status && npm run test" }, probes); // undefined: it passes
 * guard.check({ command: "git -c alias.x=!id x" }, probes); // forbidden
 */
export function commandGuard(options: CommandOptions = {}): Guard {
  const settings = readOptions<Settings>("a command guard", options, NO_OPTIONS);
  const [command = []] = stepsOf("command", [settings.command ?? ""]);
  const [cwd] = settings.cwd === undefined ? [] : stepsOf("cwd", [settings.cwd]);
  const rules = rulesOf(
    entriesOf("allowedCommands", settings.allowedCommands),
    entriesOf("deniedCommands", settings.deniedCommands),
    featuresOf(settings.allowShell),
  );
  const machineOf = machineReader();
  return {
    name: "commands",
    needs: () => [{ kind: "self", key: "places" }],
    check(input, probes) {
      const machine = machineOf(probes);
      if (machine === undefined) return NO_PLACES;
      const folder = folderOf(input, cwd, machine);
      if ("kind" in folder) return folder;
      const line = lineOf(valueAt(input, command));
      return "kind" in line ? line : checkLine(line, rules, machine, folder);
    },
  };
}

function entriesOf(what: string, texts: readonly string[] | undefined): readonly Entry[] {
  return (texts ?? []).map((text) => {
    const parsed = parseEntry(text);
    if (parsed === undefined) throw invalidOption(what, `${JSON.stringify(text)} is no program with plain words`);
    return parsed;
  });
}

function featuresOf(features: readonly ShellFeature[] | undefined): ReadonlySet<ShellFeature> {
  const unknown = (features ?? []).find((feature) => !SHELL_FEATURES.includes(feature));
  if (unknown !== undefined) throw invalidOption("allowShell", `it knows ${SHELL_FEATURES.join(", ")}`);
  return new Set(features);
}

/** The folder in which the command starts. */
function folderOf(input: Json, steps: readonly string[] | undefined, machine: Machine): WordPath | Refusal {
  const value = steps && valueAt(input, steps);
  if (value === undefined) return UNKNOWN_FOLDER;
  if (typeof value !== "string" || value === "" || value.length > LONGEST_PATH || !isCleanText(value))
    return BAD_FOLDER;
  const word = literalWord(value);
  const view = { machine, folders: [UNKNOWN_FOLDER], role: "path", descends: false } as const;
  return touchesProtected(word, view) ? PLACE : wholePath(word, machine.home);
}

/** What Linux takes at most. */
const LONGEST_PATH = 4096;

/** The command as the input gives it: a text for a shell, or a program and its words. */
function lineOf(value: Json | undefined): Line | Refusal {
  if (typeof value === "string") {
    const line = parseLine(value);
    return "problem" in line ? forbidden("command_unreadable", `the command line ${line.problem}`) : line;
  }
  if (!Array.isArray(value) || value.length === 0) return LIST_EMPTY;
  const texts = value.filter((element) => typeof element === "string");
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (texts.length !== value.length || texts.length > MOST_WORDS || length > LONGEST_LINE) return BAD_ARGUMENT;
  if (!texts.every(isCleanText)) return BAD_ARGUMENT;
  return { pipelines: [[{ assignments: [], words: texts.map(literalWord), redirections: [] }]], comments: false };
}

/** The keys of a command guard. */
export interface CommandForm {
  readonly command?: string;
  readonly allowed_commands?: readonly string[];
  readonly denied_commands?: readonly string[];
  readonly allow_shell?: readonly ShellFeature[];
  readonly cwd?: string;
}

const inputText: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && parseInputPath(value) !== undefined) return value;
  report("bad_path", node.place, "a path names a member of the input", "for example input.command");
  return undefined;
};

const entry: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && parseEntry(value) !== undefined) return value;
  const problem = typeof value === "string" ? "with plain words, one space between them" : `not ${describe(node)}`;
  report("bad_value", node.place, `a command is a program, ${problem}`, "for example ls, git status, npm run");
  return undefined;
};

const features = listOf("`allow_shell`", oneOf("`allow_shell`", SHELL_FEATURES));

/** `allowed_commands` and its companions. */
export const commandForm: GuardForm<CommandForm> = {
  keys: {
    command: inputText,
    allowed_commands: namesOf("`allowed_commands`", entry),
    denied_commands: namesOf("`denied_commands`", entry),
    allow_shell: features,
    cwd: inputText,
  },
  check(block, report) {
    const { allowed_commands: allowed = [], denied_commands: denied = [] } = block.values;
    const deniedEntries = denied.flatMap((text) => parseEntry(text) ?? []);
    for (const text of allowed) {
      const { program, words } = parseEntry(text) ?? { program: "", words: [] };
      const command = [program, ...words].map(literalWord);
      if (!deniedEntries.some((denial) => isDenied(denial, command))) continue;
      report("dead_rule", block.placeOf("allowed_commands"), `\`${text}\` can never be allowed: it is denied as well`);
    }
  },
  create(values) {
    if (Object.keys(commandForm.keys).every((key) => !Object.hasOwn(values, key))) return undefined;
    return commandGuard(optionsOf(values));
  },
};

function optionsOf({ command, allowed_commands, denied_commands, allow_shell, cwd }: CommandForm): CommandOptions {
  return {
    ...(command !== undefined && { command }),
    ...(allowed_commands && { allowedCommands: allowed_commands }),
    ...(denied_commands && { deniedCommands: denied_commands }),
    ...(allow_shell && { allowShell: allow_shell }),
    ...(cwd !== undefined && { cwd }),
  };
}
