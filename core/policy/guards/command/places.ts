import type { Json } from "../../../model/json.ts";
import type { Probes } from "../guard.ts";
import { foldCase, lexicalSegments } from "../paths/text.ts";
import { literalWord, type Word } from "./line.ts";
import {
  couldBe,
  couldEndWith,
  couldStartWith,
  isAllWild,
  isWild,
  literalEnd,
  type Pattern,
  startsLiterally,
  type Step,
} from "./patterns.ts";
import { SAMPLES, SECRET_ENDS, SECRET_FILES, SECRET_NAMES, SECRET_PATHS, WIDE_FOLDERS } from "./places.table.ts";
import { isQuiet, leashNames, type Names } from "./quiet.ts";
import { joined, knownPath, pathOf, pathRanges, rawSteps, UNKNOWN_FOLDER, type WordPath } from "./steps.ts";

/** A folder of the leash itself. */
export interface LeashFolder {
  /** The names of its path, folded. */
  readonly names: readonly string[];
  /** The last two of them: enough to know it again by whatever way it was reached. */
  readonly tail: readonly string[];
}

/** What a guard must know of the machine. */
export interface Machine {
  readonly home: WordPath;
  readonly folders: readonly LeashFolder[];
  /** Of these folders, for a first look at words; undefined where that look cannot tell. */
  readonly names: Names | undefined;
  readonly ports: readonly number[];
}

/**
 * Reads answers to `self:places`; undefined where there is none of the right shape. One machine answers all calls of a guard, so
 * what was made of the last answer is kept, and given out again for an answer that says the same.
 */
export function machineReader(): (probes: Probes) => Machine | undefined {
  let last: Known | undefined;
  return (probes) => {
    const answer = probes["self:places"];
    if (last === undefined || !saysSame(answer, last)) last = knownBy(answer);
    return last?.machine;
  };
}

/** A machine, and what was said of it. */
interface Known {
  readonly home: string;
  readonly folders: readonly string[];
  readonly machine: Machine;
}

function saysSame(answer: Json | undefined, { home, folders, machine }: Known): boolean {
  if (typeof answer !== "object" || answer === null || !("home" in answer) || answer["home"] !== home) return false;
  return isSameList(answer["folders"], folders) && isSameList(answer["ports"], machine.ports);
}

function isSameList(list: Json | undefined, known: readonly Json[]): boolean {
  if (!Array.isArray(list) || list.length !== known.length) return false;
  for (let index = 0; index < known.length; index += 1) if (list[index] !== known[index]) return false;
  return true;
}

function knownBy(answer: Json | undefined): Known | undefined {
  if (typeof answer !== "object" || answer === null || !("home" in answer)) return undefined;
  const { home, folders, ports } = answer;
  if (!isAbsolute(home) || !Array.isArray(folders) || !Array.isArray(ports)) return undefined;
  const texts = folders.filter(isAbsolute);
  const numbers = ports.filter((port) => typeof port === "number");
  if (texts.length !== folders.length || numbers.length !== ports.length) return undefined;
  const known = texts.map((folder) => {
    const names = lexicalSegments(foldCase(folder));
    return { names, tail: names.slice(-2) };
  });
  const names = leashNames(known.map(({ tail }) => tail));
  return { home, folders: texts, machine: { home: knownPath(home), folders: known, names, ports: numbers } };
}

function isAbsolute(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("/");
}

export type WordRole = "path" | "text" | "filter" | "listed";

/** How a word is looked at. */
export interface View {
  readonly machine: Machine;
  /** The folders in which the command may run. */
  readonly folders: readonly WordPath[];
  /**
   * What the word is to its program: `path`, what may be the name of a file; `text`, what never is; `filter`, a pattern by
   * which the program itself chooses files among those it would find anyway; `listed`, a pattern below the working folder, of
   * whose files only the names are told.
   */
  readonly role: WordRole;
  /** The program walks through all that is below a folder. */
  readonly descends: boolean;
}

/** True when the word names, or can come to name, a place that is protected whatever a policy allows. */
export function touchesProtected(word: Word, view: View): boolean {
  const { names } = view.machine;
  if (names !== undefined && isSimple(word, view) && isQuiet(word.text, names)) return false;
  if (touches(word, view)) return true;
  const plain = decoded(word.text);
  return plain !== word.text && touches(literalWord(plain), view);
}

/** What programs that take URLs make of a text. */
function decoded(text: string): string {
  if (PLAIN_TEXT.test(text)) return text;
  return text
    .replaceAll(/%([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .normalize("NFKC");
}

/** Printable ASCII without a percent sign. */
const PLAIN_TEXT = /^[\t\n -$&-~]*$/;

/** True where nobody told the folder, and no `cd` leads on from it. */
export function isUnknown(folders: readonly WordPath[]): boolean {
  return folders.length === 1 && folders[0] === UNKNOWN_FOLDER;
}

/**
 * True for a word whose every name lies below the folder where the command line starts, and in no folder that is known to hold
 * protected ones.
 */
export function isBelow(word: Word, { machine, folders }: View): boolean {
  if (word.unknown) return false;
  const raw = rawSteps(word, { from: 0, to: word.text.length });
  if (raw[0] === "" || raw[0] === "~" || raw.includes("..")) return false;
  const [start = UNKNOWN_FOLDER] = folders;
  return folders.every((folder) => {
    if (folder.climbs > 0 || (folder !== UNKNOWN_FOLDER && isWide(folder, machine))) return false;
    if (!folder.absolute) return true;
    return start.absolute && start.steps.every((step, index) => step === folder.steps[index]);
  });
}

/** Only a line that changes its folder makes other places of plain names. */
function isSimple({ marks }: Word, { folders }: View): boolean {
  return marks.size === 0 && isUnknown(folders);
}

function touches(word: Word, view: View): boolean {
  const simple = isSimple(word, view);
  return pathRanges(word).some((range) => {
    if (simple && range.plain) return touchesByName(word.text.slice(range.from, range.to), view);
    const raw = rawSteps(word, range);
    if (climbsBehindLinks(raw)) return true;
    if (raw.some((step, index) => isSecretName(step, index === raw.length - 1, view.role))) return true;
    const path = pathOf(raw, view.machine.home);
    if (path.absolute) return isProtectedPath(path, view);
    return view.folders.some((folder) => isProtectedPath(joined(folder, path), view));
  });
}

/**
 * Below `/proc` and `/dev` stand links to elsewhere, and `..` behind them is not what the text says: `/proc/net/../environ`
 * is a file of the process itself.
 */
function climbsBehindLinks(raw: readonly Step[]): boolean {
  const up = raw.lastIndexOf("..");
  return up > 0 && raw.slice(0, up).some((step) => couldBe(step, "proc") || couldBe(step, "dev"));
}

/** The same for one name without a slash, in a folder that is not known: words can have tens of thousands of such parts. */
function touchesByName(text: string, { role, machine }: View): boolean {
  const name = foldCase(text);
  return isSecretName(name, true, role) || machine.folders.some(({ names }) => names.at(-1) === name);
}

const SAMPLE_NAMES = new Set(SAMPLES);
const ENDS = new Set(SECRET_ENDS);
const NAMES = new Set([...SECRET_NAMES, ...SECRET_FILES]);

/** `.env` and whatever is made of it: `.env.local`, `.env~`, `.env-old`. */
const ENV_FILE = /^\.env[^a-z0-9]/;

/** `.env`, `.ssh`, `.key`. */
const SHORTEST_NAME = 4;

/** @param last true for the last name of the path: patterns that end in a folder meet no file. */
function isSecretName(step: Step, last: boolean, role: WordRole): boolean {
  if (isWild(step)) return couldBeSecret(step, last, role);
  if (step.length < SHORTEST_NAME || SAMPLE_NAMES.has(step)) return false;
  if (NAMES.has(step) || ENV_FILE.test(step)) return true;
  if (step.startsWith("-") && SECRET_FILES.some((name) => step.endsWith(name))) return true;
  const dot = step.lastIndexOf(".");
  return role !== "text" && dot !== -1 && ENDS.has(step.slice(dot));
}

function couldBeSecret(step: Pattern, last: boolean, role: WordRole): boolean {
  // What is never the name of a file is only looked at as it stands, and a filter that takes anything chooses nothing.
  if (role === "text" || (role === "filter" && isAllWild(step))) return false;
  if (role === "filter" && !startsLiterally(step)) {
    const names = [...SECRET_NAMES, ...SECRET_FILES];
    return names.some((name) => couldBe(step, name, true)) || SECRET_ENDS.some((end) => literalEnd(step).endsWith(end));
  }
  if (SECRET_NAMES.some((name) => couldBe(step, name)) || couldStartWith(step, ".env.")) return true;
  // Of a key only its name is told, which the folder's own listing tells as well.
  if (!last || role === "listed") return false;
  return SECRET_FILES.some((name) => couldBe(step, name)) || SECRET_ENDS.some((end) => couldEndWith(step, end));
}

interface SecretPath {
  readonly rooted: boolean;
  readonly names: readonly string[];
}

function secretPath(text: string): SecretPath {
  return { rooted: text.startsWith("/"), names: lexicalSegments(text) };
}

const PATHS: readonly SecretPath[] = SECRET_PATHS.map(secretPath);
const WIDE: readonly SecretPath[] = WIDE_FOLDERS.map(secretPath);

/** By the first name, so that a long path costs no more than its length. */
const PATHS_BY_NAME: ReadonlyMap<string, readonly SecretPath[]> = new Map(
  PATHS.map(({ names: [first = ""] }) => [first, PATHS.filter(({ names }) => names[0] === first)]),
);

/** @param path as it lies in one of the folders where the command may run. */
function isProtectedPath(path: WordPath, view: View): boolean {
  const { steps } = path;
  for (const [index, step] of steps.entries()) {
    const isPath = view.role === "path" || view.role === "listed";
    if (!isPath && isWild(step) && !(view.role === "filter" && startsLiterally(step))) continue;
    const candidates = isWild(step) ? PATHS : (PATHS_BY_NAME.get(step) ?? []);
    // A name that is all wild could be anything: it counts where it stands at the root, and a secret lies at the root.
    const known = !isWild(step) || startsLiterally(step);
    if (
      candidates.some(
        (secret) => (known || (secret.rooted && path.absolute && index === 0)) && meetsAt(steps, index, secret),
      )
    )
      return true;
  }
  return reachesLeash(path, view) || (view.descends && isWide(path, view.machine));
}

function meetsAt(steps: readonly Step[], from: number, { names }: SecretPath): boolean {
  return names.every((name, offset) => {
    const step = steps[from + offset];
    return step !== undefined && meetsName(step, name);
  });
}

function meetsName(step: Step, name: string): boolean {
  if (name === "*") return true;
  return name.endsWith("*") ? couldStartWith(step, name.slice(0, -1)) : couldBe(step, name);
}

/** True when the path lies in one of the leash's own folders, or may do so. */
function reachesLeash({ absolute, steps }: WordPath, { machine }: View): boolean {
  return machine.folders.some(({ names, tail }) => {
    if (absolute ? startsLike(steps, 0, names) : steps[0] === names.at(-1)) return true;
    if (tail.length < 2) return tail.length === 0;
    return steps.some((step, index) => step === tail[0] && startsLike(steps, index, tail));
  });
}

function startsLike(steps: readonly Step[], from: number, names: readonly string[]): boolean {
  return names.every((name, index) => {
    const step = steps[from + index];
    return step !== undefined && couldBe(step, name);
  });
}

/** True for a folder that holds protected places: the root, the home folders, what holds the leash's own folders. */
export function isWide(path: WordPath, { home, folders }: Machine): boolean {
  if (!path.absolute) return path.climbs > 0 && path.steps.length === 0;
  const { steps } = path;
  const within = (names: readonly Step[]): boolean =>
    steps.length <= names.length && steps.every((step, index) => couldBe(step, nameAt(names, index)));
  if (within(home.steps) || folders.some(({ names }) => within(names))) return true;
  return WIDE.some(({ names }) => names.length === steps.length && meetsAt(steps, 0, { rooted: true, names }));
}

function nameAt(names: readonly Step[], index: number): string {
  const name = names[index];
  return typeof name === "string" ? name : "";
}
