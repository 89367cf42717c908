import type { Kind } from "./grammar.ts";
import type { Word } from "./line.ts";

/** What the words of a command are to its program; filled while they are judged. Lists, because they are short or empty. */
export interface Roles {
  /** Never the name of a file. */
  texts: Word[] | undefined;
  /** Patterns that the program itself expands. */
  globs: Word[] | undefined;
  /** Patterns that the shell makes names of, and of what bears them the program tells no contents. */
  listed: Word[] | undefined;
}

export function noRoles(): Roles {
  return { texts: undefined, globs: undefined, listed: undefined };
}

export function addText(roles: Roles, word: Word): void {
  if (roles.texts === undefined) roles.texts = [word];
  else roles.texts.push(word);
}

export function addGlob(roles: Roles, word: Word): void {
  if (roles.globs === undefined) roles.globs = [word];
  else roles.globs.push(word);
}

export function addListed(roles: Roles, word: Word): void {
  if (roles.listed === undefined) roles.listed = [word];
  else roles.listed.push(word);
}

/** Takes over what was found. */
export function addRoles(roles: Roles, { texts, globs, listed }: Roles): void {
  roles.texts = joined(roles.texts, texts);
  roles.globs = joined(roles.globs, globs);
  roles.listed = joined(roles.listed, listed);
}

function joined<T>(first: T[] | undefined, second: T[] | undefined): T[] | undefined {
  return first === undefined || second === undefined ? (first ?? second) : [...first, ...second];
}

/** Notes what a word of this kind is to the program; most kinds need no note. */
export function addRole(roles: Roles, kind: Kind, word: Word): void {
  switch (kind) {
    // Never the name of a file.
    case "text":
    case "sed":
    case "awk":
    case "jq":
    case "format":
      addText(roles, word);
      break;
    case "glob":
      addGlob(roles, word);
      break;
    default:
  }
}
