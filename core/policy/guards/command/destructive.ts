import { DENIED_PREFIXES } from "./grammars/denied.table.ts";
import type { Word } from "./line.ts";
import { isAllWild, isWild } from "./patterns.ts";
import { isWide, type Machine, type View } from "./places.ts";
import { joined, UNKNOWN_FOLDER, wholePath, type WordPath } from "./steps.ts";

type Sight = Pick<View, "machine" | "folders">;

/**
 * True for commands that wreck a machine, whatever a policy allows.
 * @param name of the program, which is the first word, without its path.
 */
export function isDestructive(name: string, words: readonly Word[], sight: Sight): boolean {
  for (const prefix of DENIED_PREFIXES) if (name.startsWith(prefix)) return true;
  return CHECKS.get(name)?.(words.slice(1), sight) ?? false;
}

type Check = (words: readonly Word[], sight: Sight) => boolean;

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["rm", (words, sight) => has(words, "rR", "--recursive", "--no-preserve-root") && hitsWide(words, sight, true)],
  ["unlink", hitsWide],
  ["shred", hitsWide],
  ["srm", hitsWide],
  ["mv", hitsWide],
  ["chmod", (words, sight) => opensToAll(words) || walksWide(words, sight)],
  ["chown", walksWide],
  ["chgrp", walksWide],
  ["find", (words) => words.some(({ text }) => text === "-delete")],
  ["dd", (words) => words.some(({ text }) => /^of=\/+dev\//i.test(text) && text !== "of=/dev/null")],
  ["kill", killsAll],
  ["pkill", (words) => words.some(({ text }) => /^[.^$*]*$/.test(text))],
  ["killall", (words) => has(words, "ur", "--user", "--regexp")],
  ["tee", hitsSystem],
  ["cp", hitsSystem],
  ["truncate", hitsSystem],
]);

/** True when one of the words is one of the options: a letter among short ones, or a long one, also abbreviated. */
function has(words: readonly Word[], letters: string, ...long: readonly string[]): boolean {
  return words.some(({ text }) => {
    if (text.startsWith("--")) return text.length > 3 && long.some((option) => option.startsWith(text));
    return text.startsWith("-") && letters.split("").some((letter) => text.includes(letter, 1));
  });
}

function operands(words: readonly Word[]): readonly Word[] {
  return words.filter(({ text }) => !text.startsWith("-"));
}

function walksWide(words: readonly Word[], sight: Sight): boolean {
  return has(words, "R", "--recursive") && hitsWide(words, sight);
}

/** @param here true where the working folder itself counts, too. */
function hitsWide(words: readonly Word[], { machine, folders }: Sight, here = false): boolean {
  const [start = UNKNOWN_FOLDER, ...led] = folders;
  return operands(words).some((word) => {
    const path = wholePath(word, machine.home);
    if (path.absolute) return isSystem(path, machine);
    const named = withoutWildEnd(path);
    const all = named.steps.length === 0 && (here || path.climbs > 0 || path.steps.length > 0);
    if (all || isWide(joined(start, named), machine)) return true;
    // Where the line itself changes to.
    return led.some((folder) => folder.absolute && isSystem(joined(folder, path), machine));
  });
}

/** `*`, `./*` and `~/*` are all that is in the folder, and so is the folder itself. */
function withoutWildEnd(path: WordPath): WordPath {
  return { ...path, steps: path.steps.slice(0, path.steps.findLastIndex((step) => !isAllWild(step)) + 1) };
}

/** Folders at the root that belong to the system, all that is in them. */
const SYSTEM = new Set(
  "bin boot dev etc lib lib32 lib64 opt proc root run sbin srv sys usr var system library applications private volumes windows".split(
    " ",
  ),
);

/** The root, a folder at the root, what belongs to the system, a home folder or what holds it. */
function isSystem(path: WordPath, machine: Machine): boolean {
  const named = withoutWildEnd(path);
  const [top] = named.steps;
  if (named.steps.length < 2 || isWide(named, machine)) return true;
  const atHome = machine.home.steps.every((step, index) => step === named.steps[index]);
  return !atHome && (isWild(top) || SYSTEM.has(top ?? ""));
}

/** World-writable, or set-user-id: modes that nobody needs from an agent. */
function opensToAll(words: readonly Word[]): boolean {
  const mode = operands(words)[0]?.text ?? "";
  if (/^[0-7]{3,5}$/.test(mode)) return /[2367]$/.test(mode) || /^0*[2-7][0-7]{3}$/.test(mode);
  return mode.split(",").some((part) => {
    const others = /^[ugoa]*[oa][ugoa]*[-+=]/.test(part);
    return (others && /[+=][rxXst]*w/.test(part)) || /[+=][rwxXt]*s/.test(part);
  });
}

/** Every process of the user, or the first one of the machine: `kill -9 -1`. */
function killsAll(words: readonly Word[]): boolean {
  const texts = words.map(({ text }) => text);
  const processes = texts[0]?.startsWith("-") === true ? texts.slice(1) : texts;
  return processes.some((text) => /^-?0*1$|^-?0+$/.test(text));
}

/** Writes into the system's folders or to a device. */
function hitsSystem(words: readonly Word[], { machine, folders }: Sight): boolean {
  return operands(words)
    .slice(-1)
    .some((word) => writesSystem(word, { machine, folders }));
}

const HARMLESS_DEVICES = new Set(["null", "stdout", "stderr"]);

/** True when a word names a place of the system, or a device. */
export function writesSystem(word: Word, { machine, folders }: Sight): boolean {
  const path = wholePath(word, machine.home);
  const places = path.absolute ? [path] : folders.slice(1).map((folder) => joined(folder, path));
  return places.some((place) => {
    const [top, name] = place.steps;
    if (top === "dev" && typeof name === "string" && HARMLESS_DEVICES.has(name)) return false;
    return place.absolute && isSystem(place, machine);
  });
}
