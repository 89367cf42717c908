import { foldCase } from "./text.ts";

const EXTENSION = /^(?:\.[\p{L}\p{M}\p{N}_+-]{1,32}){1,4}$/u;

/** The one form of an extension such as `.pem` or `.tar.gz`; undefined for anything else. */
export function parseExtension(text: string): string | undefined {
  return EXTENSION.test(text) ? foldCase(text) : undefined;
}

/**
 * True when the name has the extension anywhere, not only at its end: `.env` is in `.env`, `.ENV`, `.env.local`, `prod.env`,
 * `.env ` and `.env:stream`, and `.pem` in `a.pem.bak` and `a.pem~`; `.key` is not in `key.ts`.
 * @param name as `partsOf` gives it.
 * @param extension as `parseExtension` gives it.
 */
export function holdsExtension(name: string, extension: string): boolean {
  const at = name.indexOf(extension);
  return at !== -1 && name.includes(`${extension}.`, at);
}

/**
 * True when the name ends with the extension as it stands, so that no program takes the name for one of another kind.
 * @param extension as `parseExtension` gives it.
 */
export function endsWithExtension(name: string, extension: string): boolean {
  return !name.includes(":") && foldCase(name).endsWith(extension);
}

/**
 * A name ready to be searched for extensions: a dot after each part and for each stream separator, without case and without the
 * blanks and tildes that some systems drop or editors add.
 */
export function partsOf(name: string): string {
  const folded = foldCase(name);
  if (!/[ :~]/.test(folded)) return `${folded}.`;
  const parts = folded.split(/[.:]/).map((part) => withoutTail(part));
  return `${parts.join(".")}.`;
}

function withoutTail(part: string): string {
  let end = part.length;
  while (end > 0 && (part[end - 1] === "~" || part[end - 1] === " ")) end -= 1;
  return part.slice(0, end);
}
