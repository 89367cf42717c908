import { mayHoldAddress, SHORTEST_HOST } from "./addresses.ts";
import { SECRET_ENDS, SECRET_FILES, SECRET_NAMES, SECRET_PATHS } from "./places.table.ts";

/** A character that this look knows nothing of, or of a name, a digit or a dot in it, behind it, or between two paths. */
const [STRANGE, NAME, DIGIT, DOT, SLASH, DELIMITER] = [0, 1, 2, 3, 4, 5] as const;

const [DASH_CODE, DOT_CODE] = [45, 46] as const;

const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z_-]/.test(character)) return NAME;
  if (/[0-9]/.test(character)) return DIGIT;
  if (/[=:@,+]/.test(character)) return DELIMITER;
  return character === "." ? DOT : character === "/" ? SLASH : STRANGE;
});

/** Names that nearly no name of a word is one of, folded. */
export interface Names {
  readonly all: ReadonlySet<string>;
  /** Their lengths as bits, by their first characters in both cases. */
  readonly lengths: Int32Array;
}

function namesOf(list: readonly string[]): Names {
  const lengths = new Int32Array(KINDS.length);
  for (const name of list) {
    for (const code of [name.charCodeAt(0), name.toUpperCase().charCodeAt(0)]) {
      lengths[code] = (lengths[code] ?? 0) | lengthBit(name.length);
    }
  }
  return { all: new Set(list), lengths };
}

function lengthBit(length: number): number {
  return 1 << Math.min(length, 31);
}

function has({ all, lengths }: Names, text: string, from: number, to: number): boolean {
  if (to <= from) return false;
  const bits = lengths[text.charCodeAt(from)] ?? 0;
  return (bits & lengthBit(to - from)) !== 0 && all.has(text.slice(from, to).toLowerCase());
}

const PATHS = SECRET_PATHS.map((path) => path.split("/").filter((name) => name !== ""));

/** What is protected by its name alone. */
const SECRETS = namesOf([...SECRET_NAMES, ...SECRET_FILES, ...PATHS.filter(({ length }) => length === 1).flat()]);

/** What is protected by what follows behind a slash. */
const FOLDERS = namesOf(PATHS.flatMap(([first = ""]) => first));

const ENDS = namesOf(SECRET_ENDS);

/** The last three characters of files behind which an option may be written: `-iid_rsa`. */
const FILE_ENDS: ReadonlySet<string> = new Set(SECRET_FILES.map((name) => name.slice(-3)));
const SHORTEST_FILE = Math.min(...SECRET_FILES.map(({ length }) => length));

/**
 * The names by which the leash's own folders are known again, ready to look for. Undefined where one of them is the root, or has
 * a name that could stand in a word across what `isQuiet` looks at piece by piece: then no word is quiet.
 * @param tails the last names of each folder.
 */
export function leashNames(tails: readonly (readonly string[])[]): Names | undefined {
  const plain = tails.every((tail) => tail.length > 0 && tail.every((name) => PLAIN_NAME.test(name)));
  return plain ? namesOf(tails.flat()) : undefined;
}

const PLAIN_NAME = /^[a-z0-9_.-]+$/;

/**
 * True only for a word that touches no protected place in a folder that is not known, whatever its role, and in which there is
 * no hint of an address: what nearly all words are, told by one look at their characters. Whatever this look does not understand
 * is not quiet, so that the full ones follow:
 * - other characters than letters, digits and `_-./=:@,+`, so that no name folds to another and nothing is decoded;
 * - absolute paths, `..`, and paths behind the letter of an option;
 * - any name, whole or behind an option's letter, that the tables protect or lead to secrets from, that starts with `.env`, or
 *   that ends like a key;
 * - a name of one of the leash's own folders.
 *
 * The names of the tables hold none of `=:@,+`, so it is enough to look at what stands between these and slashes. The paths of
 * the tables have two names or more: a name that only leads to secrets counts where a slash follows.
 */
export function isQuiet(text: string, leash: Names): boolean {
  let path = 0;
  let name = 0;
  let dot = -1;
  let dashed = false;
  /** It holds a digit or a colon. */
  let numbers = false;
  for (let at = 0; at <= text.length; at += 1) {
    const kind = at < text.length ? kindAt(text, at) : DELIMITER;
    if (kind === NAME) continue;
    if (kind === STRANGE) return false;
    if (kind === DIGIT) {
      numbers = true;
      continue;
    }
    if (kind === DOT) {
      dot = at;
      continue;
    }
    numbers ||= kind === DELIMITER && text[at] === ":";
    if (name < at) {
      const option = text.charCodeAt(name) === DASH_CODE;
      dashed ||= option;
      // What an option carries is a path of its own.
      if (option && name === path && (kind === SLASH || dot >= name)) return false;
      if (option && name === path && isProtected(text, leash, name + 2, at)) return false;
      if (isProtected(text, leash, name, at) || (kind === SLASH && has(FOLDERS, text, name, at))) return false;
      if ((dashed && endsLikeFile(text, at)) || (dot >= name && isSecretDot(text, name, dot, at))) return false;
    } else if (kind === SLASH && name === path) return false;
    name = at + 1;
    if (kind === DELIMITER) path = name;
  }
  return !((numbers || text.length >= SHORTEST_HOST) && mayHoldAddress(text));
}

function isProtected(text: string, leash: Names, from: number, to: number): boolean {
  return has(SECRETS, text, from, to) || has(leash, text, from, to);
}

/** `.env` and what is made of it, the end of a key's name; `..` is not known here. */
function isSecretDot(text: string, from: number, dot: number, to: number): boolean {
  if (has(ENDS, text, dot, to)) return true;
  if (text.charCodeAt(from) !== DOT_CODE) return false;
  return text[from + 1] === "." || text.slice(from, from + 4).toLowerCase() === ".env";
}

function endsLikeFile(text: string, to: number): boolean {
  return to >= SHORTEST_FILE && FILE_ENDS.has(text.slice(to - 3, to).toLowerCase());
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < KINDS.length ? (KINDS[code] ?? STRANGE) : STRANGE;
}
