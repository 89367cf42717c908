import { SOURCES } from "./grammars/wrappers.table.ts";
import { carriedBy } from "./carried.ts";
import type { Pipeline, SimpleCommand, Word } from "./line.ts";
import { isInterpreter, isShell, programName } from "./programs.ts";

const SOURCE_NAMES = new Set(SOURCES);

/**
 * True when what a command prints becomes a program: a shell, or an interpreter without a script of its own, reads it from a
 * pipe. What was fetched or decoded must not reach an interpreter that is told to run its input either.
 */
export function feedsProgram(pipeline: Pipeline): boolean {
  const [first] = pipeline;
  // What nothing is fed to runs nothing that it is fed.
  if (pipeline.length === 1 && first !== undefined && !readsFile(first)) return false;
  let fetched = false;
  for (const [index, command] of pipeline.entries()) {
    const { commands } = carriedBy(command.words);
    const reads = index > 0 || readsFile(command);
    if (reads && commands.some(({ words }) => runsItsInput(words, fetched))) return true;
    fetched ||= commands.some(({ words }) => SOURCE_NAMES.has(programName(words[0]?.text ?? "")));
  }
  return false;
}

/** Names of the standard input. */
const INPUT = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/** Options whose value is the program, so that the input is no more than data: `python -c`, `perl -ne`, `node -e`. */
const OWN_PROGRAM = /^-[A-Za-z]*[ceEpn]|^--(?:eval|print|expression|command)/;

function runsItsInput([program, ...words]: readonly Word[], fetched: boolean): boolean {
  const name = programName(program?.text ?? "");
  if (isShell(name) || name === "source" || name === "." || name === "eval") return true;
  if (!isInterpreter(name)) return false;
  if (words.some(({ text }) => INPUT.has(text))) return true;
  const own = words.some(({ text }) => OWN_PROGRAM.test(text));
  const script = words.some(({ text }) => !text.startsWith("-"));
  return fetched ? own || !script : !own && !script;
}

/** `sh < file` is a pipe as well. */
function readsFile({ redirections }: SimpleCommand): boolean {
  for (const { operator } of redirections) if (operator.startsWith("<")) return true;
  return false;
}
