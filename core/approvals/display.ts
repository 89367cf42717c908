import type { Approval, Verdict } from "../model/approval.ts";
import type { Decision } from "../model/decision.ts";
import type { Principal } from "../model/principal.ts";

/**
 * What a screen does not show as itself: controls, formats, surrogates, private and unassigned code points, every blank but
 * the ordinary space, default-ignorable code points, and the fifth and later of a pile of combining marks. U+FE0F stays
 * where it makes an emoji of the pictograph before it. U+2800 and U+1D159 are blank though Unicode calls them symbols.
 */
const HIDDEN =
  /(?<!(?!\p{C})\p{Extended_Pictographic})\uFE0F|(?! |\uFE0F)[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]|(?<=\p{M}{4})\p{M}/gu;

/** Letters that common fonts draw like Latin ones (Unicode TR39, the part that browsers check in host names). */
const LATIN_LOOKALIKES = /^[асԁеһіјӏорԗԛѕԝхуъьҽпгѵѡАВЕКМНОРСТУХЅІЈαικνορτυχγηΑΒΕΖΗΙΚΜΝΟΡΤΥΧ\p{M}\p{N}_-]+$/u;

const SCRIPTS = [
  ["Latin", /\p{Script=Latin}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Armenian", /\p{Script=Armenian}/u],
  ["Cherokee", /\p{Script=Cherokee}/u],
] as const;

const DEFAULT_COLUMNS = 80;
const MINIMUM_COLUMNS = 24;
const LABEL_COLUMNS = 16;
/** `  │ `, whose bar some screens draw two columns wide. */
const GUTTER_COLUMNS = 5;
/** Deeper levels are not indented further, so that wrapped rows never become a wall of blanks. */
const DEEPEST_INDENT = 12;
const MOST_WARNINGS = 5;

function escapeHidden(text: string): string {
  return text.replace(HIDDEN, (unit) => `\\u{${(unit.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`);
}

/**
 * Text as a person may safely be shown it: whatever would be invisible, move the cursor or change the direction of writing
 * becomes `\u{202E}`, and a backslash becomes two, so that two different texts never look the same for want of a character.
 * Covers C0 and C1 controls, line breaks, bidirectional controls (Unicode UAX #9), zero-width and default-ignorable code
 * points, tags, lone surrogates and blanks other than the space. Reversible.
 *
 * @example visible("invoice\u202Efdp.exe"); // invoice\u{202E}fdp.exe
 */
export function visible(text: string): string {
  return escapeHidden(text.replaceAll("\\", "\\\\"));
}

function scriptsOf(text: string): readonly string[] {
  return SCRIPTS.filter(([, pattern]) => pattern.test(text)).map(([script]) => script);
}

/** Hosts, e-mail addresses and identifiers: what stands between blanks, slashes and other punctuation. */
function words(text: string): readonly string[] {
  return text.match(/[\p{L}\p{M}\p{N}_.@-]+/gu) ?? [];
}

function isMixed(word: string): boolean {
  const latin = /\p{Script=Latin}/u.test(word);
  return word.split(/[.@]/u).some((label) => {
    const scripts = scriptsOf(label);
    return scripts.length > 1 || (latin && scripts.length === 1 && LATIN_LOOKALIKES.test(label));
  });
}

/**
 * True when a word mixes Latin with Cyrillic, Greek, Armenian or Cherokee letters (`pаypal`), or is drawn like Latin next to
 * a Latin label (`аррӏе.com`): names that may pass for others. A word wholly in one script is no reason to warn.
 */
export function mixedScript(text: string): boolean {
  return words(text).some(isMixed);
}

/**
 * A name within a line: as it is when plain, else quoted and with every hidden character escaped, so that blanks and
 * separators in it cannot pass for the line's own.
 * @example displayName("send_money"); // send_money
 * @example displayName("send money\n"); // "send money\u{A}"
 */
export function displayName(text: string): string {
  return /^[\p{L}\p{N}_.:@/+-]+$/u.test(text) && visible(text) === text
    ? text
    : `"${visible(text).replaceAll('"', '\\"')}"`;
}

/** The tokens of a JSON text, blanks dropped; joined they are the text again, whatever it is. */
function* jsonTokens(text: string): Generator<string> {
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
function wrap(line: string, columns: number): readonly string[] {
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
function field(label: string, value: string, columns: number): readonly string[] {
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

function inputRows(text: string, columns: number): readonly string[] {
  return layout(text).flatMap((line) =>
    wrap(line, columns - GUTTER_COLUMNS).map((row, index) => `  ${index === 0 ? "│" : "┊"} ${row}`),
  );
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

/** At most `maxLines` rows, and a last one that says exactly what is missing. */
function shorten(rows: readonly string[], maxLines: number | undefined): readonly string[] {
  if (maxLines === undefined || rows.length <= maxLines) return rows;
  const hidden = rows.slice(maxLines);
  const characters = hidden.reduce((sum, row) => sum + Array.from(row).length - 4, 0);
  return [
    ...rows.slice(0, maxLines),
    `  NOT SHOWN: ${count(hidden.length, "line")}, ${count(characters, "character")}. Approving needs the full view.`,
  ];
}

function parsedString(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}

/** One line for each distinct word that may pass for another, with the code points that give it away. */
function warnings(approval: Approval): readonly string[] {
  const named = [approval.tool, approval.counterparty?.id ?? "", ...callPath(approval.principal)];
  const strings = [...jsonTokens(approval.text)].filter((token) => token.startsWith('"')).map(parsedString);
  const mixed = new Set([...named, ...strings].flatMap(words).filter(isMixed));
  const lines = [...mixed].slice(0, MOST_WARNINGS).map((word) => {
    const foreign = word.replace(/[^\p{L}]|\p{Script=Latin}/gu, "");
    const codes = [...new Set(foreign)].map(
      (letter) => `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`,
    );
    return `${displayName(word)} mixes ${scriptsOf(word).join(" and ")} letters (${codes.join(" ")}): it may pass for another name`;
  });
  const more = mixed.size - lines.length;
  return more > 0 ? [...lines, `${count(more, "more word")} of mixed scripts`] : lines;
}

function callPath(principal: Principal): readonly string[] {
  return [...principal.chain, principal.agent];
}

/**
 * A span of time for people, in its two largest units, rounded down.
 * @param ms milliseconds; zero and less is "none"
 */
export function duration(ms: number): string {
  if (ms <= 0) return "none";
  const seconds = Math.floor(ms / 1000);
  const units = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = units.findIndex(([amount]) => amount > 0);
  if (first < 0) return "less than 1 s";
  return units
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

/** What is demanded beyond one plain yes; empty where nothing is. */
function demands(approval: Approval): string {
  const { terms } = approval;
  return [
    approval.demand === "step_up" ? `a step-up by ${terms.methods.map(displayName).join(" or ") || "any method"}` : "",
    terms.quorum > 1 ? `${terms.quorum} people` : "",
    terms.roles.length > 0 ? `one of the roles ${terms.roles.map(displayName).join(", ")}` : "",
    terms.fourEyes ? "someone other than the person it is for" : "",
    terms.reasonRequired ? "a reason" : "",
  ]
    .filter((demand) => demand !== "")
    .join("; ");
}

function verdictText(verdict: Verdict): string {
  const how = `${displayName(verdict.method)}${verdict.device === null ? "" : ` on ${displayName(verdict.device)}`}`;
  const reason = verdict.reason === null ? "" : `: "${visible(verdict.reason)}"`;
  return `${verdict.answer} by ${displayName(verdict.approver)} (${how}, ${verdict.assurance}), ${new Date(verdict.at).toISOString()}${reason}`;
}

/**
 * One line: where an approval stands, and who answered. Safe to print.
 * @example statusLine(approval); // K7Q2 send_money: denied; deny by ada (cli on laptop, login), 2026-01-01T00:00:00.000Z
 */
export function statusLine(approval: Approval): string {
  return [
    `${displayName(approval.ref)} ${displayName(approval.tool)}: ${approval.status}`,
    ...approval.verdicts.map(verdictText),
  ].join("; ");
}

export interface CardOptions {
  /** Epoch milliseconds, for the time left. */
  readonly now: number;
  /** Width of the screen, at least 24. Default 80, also for the zero by which some terminals say that they do not know. */
  readonly columns?: number | undefined;
  /** Rows of the input at most; the card then says what is missing. Default: all of it, which is what an answer needs. */
  readonly maxLines?: number;
}

/**
 * The card by which a person decides. The call is rendered from the sealed bytes that would run (`approval.text`) and from
 * nothing an agent says about it; the rest is the policy's and the registry's words. Every hidden character is shown as an
 * escape (`visible`), names of mixed scripts are pointed out, and nothing is left out without saying so.
 *
 * @returns lines joined by `\n`, without one at the end; safe to write to a terminal
 * @example output.write(`${card(await desk.get("K7Q2"), { now: Date.now() })}\n`);
 */
export function card(approval: Approval, options: CardOptions): string {
  const columns = Math.max(MINIMUM_COLUMNS, Math.floor(options.columns || DEFAULT_COLUMNS));
  const { principal, counterparty } = approval;
  const bytes = new TextEncoder().encode(approval.text).length;
  const left = approval.expiresAt - options.now;
  const until = new Date(approval.expiresAt).toISOString();
  const why = `${approval.rule === null ? "no rule" : `rule ${displayName(approval.rule)}`}: ${visible(approval.reason)}`;
  const facts: readonly (readonly [string, string])[] = [
    ["tool", displayName(approval.tool)],
    ["agent", callPath(principal).map(displayName).join(" > ")],
    ["for", `${displayName(principal.subject)} of ${displayName(principal.tenant)}`],
    [
      "with",
      counterparty === null
        ? "no counterparty known"
        : `${displayName(counterparty.id)}, trust ${displayName(counterparty.trust)}`,
    ],
    ["asked by", why],
    ["needs", demands(approval)],
    ["time left", approval.status === "pending" ? `${duration(left)} (until ${until})` : ""],
    ["input", `${count(Array.from(approval.text).length, "character")}, ${count(bytes, "byte")}`],
  ];
  const stands = approval.status === "pending" && left <= 0 ? "expired" : approval.status;
  const heading = `Approval ${displayName(approval.ref)}: ${stands === "pending" ? "a person must answer" : stands}`;
  return [
    wrap(heading, columns - 2).join("\n  "),
    ...facts.filter(([, value]) => value !== "").flatMap(([label, value]) => field(label, value, columns)),
    ...shorten(inputRows(approval.text, columns), options.maxLines),
    ...field("digest", approval.digest, columns),
    ...warnings(approval).flatMap((line) => field("WARNING", line, columns)),
    ...approval.verdicts.flatMap((verdict) => field("answer", verdictText(verdict), columns)),
  ].join("\n");
}

/**
 * One line: what was decided of a call and why. COMPUTE is an allow that runs a form computed by the policy. Safe to print.
 * @example decisionLine("send_money", await leash.decide(call)); // APPROVE send_money (rule mid: over 50 euros)
 */
export function decisionLine(tool: string, decision: Decision): string {
  const computes = decision.effect === "allow" && decision.transform !== null;
  const word = computes ? "COMPUTE" : decision.effect.toUpperCase();
  const rule = decision.rule === null ? decision.reasonCode : `rule ${displayName(decision.rule)}`;
  const observed = decision.mode === "observe" ? ", observed and not enforced" : "";
  return `${word} ${displayName(tool)} (${rule}: ${visible(decision.reason)}${observed})`;
}
