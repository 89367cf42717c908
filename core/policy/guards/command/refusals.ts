import { forbidden, outside } from "../guard.ts";

/** Why commands do not pass, where the reason is the same for all of them. */

export const LIST_EMPTY = forbidden("command_missing", "the call names no command where the policy expects one");
export const NO_PLACES = forbidden("places_unknown", "nobody knows where the leash keeps its own files");
export const BAD_FOLDER = forbidden("folder_unknown", "the call's working folder is no path");
export const BAD_ARGUMENT = forbidden(
  "command_unreadable",
  "the command's words are too many, too long or not clean texts",
);

export const PROGRAM_UNKNOWN = forbidden("program_unknown", "it is not known which program would run");
export const PROGRAM_PATH = forbidden(
  "program_path",
  "the program is named by a path, so it may be another one than the policy means",
);
export const NOT_LISTED = outside("command_not_listed", "the policy lists no such command");
export const NO_PROGRAM = outside("command_not_listed", "the command runs no program");
export const DENIED = forbidden("command_denied", "the policy denies the command");
export const ALWAYS = forbidden(
  "command_dangerous",
  "the command shows credentials, stops the machine or changes its shell",
);
export const DESTRUCTIVE = forbidden(
  "command_destructive",
  "the command wrecks files, processes or disks beyond its working folder",
);
export const HIDDEN = forbidden("command_unreadable", "a command within the command cannot be read");
export const TOO_DEEP = forbidden("command_unreadable", "commands are nested too deeply");
export const REMOTE_PROGRAM = forbidden("argument_forbidden", "a repository's address is a program");
export const FED = forbidden("command_piped", "what a command prints would be run as a program");
export const ENVIRONMENT = forbidden("environment_forbidden", "a variable chooses programs, libraries or settings");
export const VARIABLE = outside("environment_not_listed", "it is not known what a variable does");
export const PLACE = forbidden(
  "place_protected",
  "the command names a place that is protected whatever the policy allows",
);
export const METADATA = forbidden("network_protected", "the command names a cloud's metadata service");
export const DESK = forbidden("network_protected", "the command names a port of the leash itself");
export const CHANGES_FOLDER = outside("folder_not_near", "the command leaves its working folder");
export const SUBSTITUTION = forbidden("shell_not_listed", "the policy does not allow substitutions");
export const NO_COMMENTS = outside("shell_not_listed", "the policy does not allow comments");
export const NO_LISTS = outside("shell_not_listed", "the policy allows one command at a time");
export const NO_PIPES = outside("shell_not_listed", "the policy does not allow pipes");
export const NO_GLOBS = outside("shell_not_listed", "the policy does not allow patterns of file names");
export const NO_ENVIRONMENT = outside("shell_not_listed", "the policy does not allow variables before a command");
