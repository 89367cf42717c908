import { escapeHidden } from "./visible.ts";

export const DEFAULT_COLUMNS = 80;
export const MINIMUM_COLUMNS = 24;
const LABEL_COLUMNS = 16;
/** `  │ `, whose bar some screens draw two columns wide. */
const GUTTER_COLUMNS = 5;
/** Deeper levels are not indented further, so that wrapped rows never become a wall of blanks. */
const DEEPEST_INDENT = 12;
export const MOST_WARNINGS = 5;

/** The tokens of a JSON text, blanks dropped; joined they are the text again, whatever it is. */
export function* jsonTokens(text: string): Generator<string> {
  let at = 0;
  while (at < text.length) {
    const start = at;
    if (text[at] === '"') {
      at += 1;
      while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      at += 1;
    } else if ("{}[],:".includes(text[at] ?? "")) {
      at += 1;
    } else {
      while (at < text.length && !'"{}[],:'.includes(text[at] ?? "")) at += 1;
    }
    yield text.slice(start, at);
  }
}

/**
 * The sealed text, broken into lines and indented. Every character of it is there, in order: JSON has escaped backslashes
 * already, so only what is hidden is escaped, in a form (`\u{…}`) that JSON itself does not have.
 */
function layout(text: string): readonly string[] {
  const lines = [""];
  let depth = 0;
  let previous = "";
  const write = (token: string) => (lines[lines.length - 1] += token);
  const breakLine = () => lines.push("  ".repeat(Math.min(depth, DEEPEST_INDENT)));
  for (const token of jsonTokens(text)) {
    const closes = token === "}" || token === "]";
    const opened = previous === "{" || previous === "[";
    if (closes) depth = Math.max(0, depth - 1);
    if (closes ? !opened : opened) breakLine();
    write(token === ":" ? ": " : escapeHidden(token));
    if (token === "{" || token === "[") depth += 1;
    if (token === ",") breakLine();
    previous = token;
  }
  return lines;
}

/** Columns on a screen at most: whatever is not ASCII counts two. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += character <= "\x7E" ? 1 : 2;
  return columns;
}

/**
 * Breaks a line into rows of at most `columns`, never within an escape. A screen never breaks a row itself then, so no
 * argument can put words at the start of one and pass for a line of the card.
 */
export function wrap(line: string, columns: number): readonly string[] {
  const rows: string[] = [];
  let row = "";
  let width = 0;
  for (const [unit] of line.matchAll(/\\u\{[0-9A-F]+\}|[^]/gu)) {
    const wide = columnsOf(unit);
    if (width + wide > columns && row !== "") {
      rows.push(row);
      row = "";
      width = 0;
    }
    row += unit;
    width += wide;
  }
  return [...rows, row];
}

/** Words of the policy, of people and of names: broken at blanks where that helps reading. */
export function field(label: string, value: string, columns: number): readonly string[] {
  const width = columns - LABEL_COLUMNS;
  const rows = [""];
  for (const word of value.split(" ")) {
    const row = rows.at(-1) ?? "";
    const longer = row === "" ? word : `${row} ${word}`;
    const fits = columnsOf(longer) <= width;
    rows.splice(fits || row === "" ? -1 : rows.length, 1, ...(fits ? [longer] : wrap(word, width)));
  }
  return rows.map((row, index) => `  ${(index === 0 ? label : "").padEnd(LABEL_COLUMNS - 2)}${row}`);
}

export function inputRows(text: string, columns: number): readonly string[] {
  return layout(text).flatMap((line) =>
    wrap(line, columns - GUTTER_COLUMNS).map((row, index) => `  ${index === 0 ? "│" : "┊"} ${row}`),
  );
}

export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

/** At most `maxLines` rows, and a last one that says exactly what is missing. */
export function shorten(rows: readonly string[], maxLines: number | undefined): readonly string[] {
  if (maxLines === undefined || rows.length <= maxLines) return rows;
  const hidden = rows.slice(maxLines);
  const characters = hidden.reduce((sum, row) => sum + Array.from(row).length - 4, 0);
  return [
    ...rows.slice(0, maxLines),
    `  NOT SHOWN: ${count(hidden.length, "line")}, ${count(characters, "character")}. Approving needs the full view.`,
  ];
}
