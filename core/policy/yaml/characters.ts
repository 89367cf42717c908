import type { Place, Report } from "../issues.ts";

/** UTF-8 bytes of a policy text: more than 20,000 rules. */
const MAXIMUM_BYTES = 8 * 1_048_576;

/**
 * What no line of a text may hold as it is: characters that are not printable (YAML 1.2.2, section 5.1), and a carriage return
 * without its line feed, which ends a line for some readers and not for others.
 */
// oxlint-disable-next-line eslint/no-control-regex
const REFUSED = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u0084\u0086-\u009F\uFEFF\uFFFE\uFFFF]|\r(?!\n)/;

/** True for a text that a parser may see: not too long, and of characters that every reader takes for the same. */
export function areReadable(text: string, report: Report): boolean {
  // A UTF-16 unit is at least one byte, so the cheap comparison spares encoding what is far too long.
  if (text.length > MAXIMUM_BYTES || new TextEncoder().encode(text).byteLength > MAXIMUM_BYTES) {
    report("yaml_size", { offset: 0, pointer: "" }, "the policy is longer than 8 MiB");
    return false;
  }
  const at = text.search(REFUSED);
  if (at !== -1) {
    refuse(text.charAt(at), { offset: at, pointer: "" }, report);
    return false;
  }
  return true;
}

function refuse(character: string, place: Place, report: Report): void {
  if (character === "\uFEFF") {
    report("yaml_bom", place, "the policy holds a byte order mark", "save it as UTF-8 without BOM");
  } else if (character === "\r") {
    report("yaml_character", place, "a line ends with a carriage return alone", "end lines with LF or CRLF");
  } else {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    report(
      "yaml_character",
      place,
      `U+${code} cannot stand in a policy as it is`,
      `write "\\u${code}" in double quotes`,
    );
  }
}
