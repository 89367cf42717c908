import type { Approval, Edit, Verdict } from "../model/approval.ts";
import type { Decision } from "../model/decision.ts";
import type { Principal } from "../model/principal.ts";
import {
  count,
  DEFAULT_COLUMNS,
  field,
  inputRows,
  jsonTokens,
  MINIMUM_COLUMNS,
  MOST_WARNINGS,
  shorten,
  wrap,
} from "./layout.ts";
import { yesOf } from "./eligibility.ts";
import { offered } from "./permitting.ts";
import { displayName, isMixed, scriptsOf, visible, words } from "./visible.ts";

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
  const { edit } = approval;
  return [
    approval.demand === "step_up" ? `a step-up by ${terms.methods.map(displayName).join(" or ") || "any method"}` : "",
    terms.quorum > 1 ? `${terms.quorum} people (${yesOf(approval)} said yes)` : "",
    terms.roles.length > 0 ? `one of the roles ${terms.roles.map(displayName).join(", ")}` : "",
    terms.fourEyes ? "someone who neither asked for it nor edited it" : "",
    terms.reasonRequired ? "a reason" : "",
    edit === null || edit.self ? "" : "someone other than the editor",
  ]
    .filter((demand) => demand !== "")
    .join("; ");
}

function verdictText(verdict: Verdict): string {
  return `${verdict.answer} by ${displayName(verdict.approver)} ${circumstances(verdict)}`;
}

/** Empty for a call as it was proposed. */
function editText({ edit }: Approval): string {
  return edit === null ? "" : `${displayName(edit.editor)} ${circumstances(edit)}`;
}

function circumstances({ method, device, assurance, at, reason }: Verdict | Edit): string {
  const how = `${displayName(method)}${device === null ? "" : ` on ${displayName(device)}`}`;
  const why = reason === null ? "" : `: "${visible(reason)}"`;
  return `(${how}, ${assurance}), ${new Date(at).toISOString()}${why}`;
}

/** What a yes may cover beyond this call, if the approver says so; empty where it covers this one alone. */
function permission(approval: Approval): string {
  const again = offered(approval);
  if (again === undefined) return "";
  const places = again.vary.map((path) => displayName(["input", ...path].join("."))).join(", ");
  const where = again.session ? ", in this session" : "";
  return `up to ${count(again.uses, "call")} like it within ${duration(again.forMs)}${where}; ${places === "" ? "nothing" : places} may differ`;
}

function escalation({ escalatedAt }: Approval): string {
  return escalatedAt === undefined ? "" : `nobody had answered by ${new Date(escalatedAt).toISOString()}`;
}

/**
 * One line: where an approval stands, and who answered. Safe to print.
 * @example statusLine(approval); // K7Q2 send_money: denied; deny by ada (cli on laptop, login), 2026-01-01T00:00:00.000Z
 */
export function statusLine(approval: Approval): string {
  return [
    `${displayName(approval.ref)} ${displayName(approval.tool)}: ${approval.status}${votes(approval)}`,
    ...approval.verdicts.map(verdictText),
  ].join("; ");
}

/** How many yeses an open question has of how many it takes; empty where one is enough. */
function votes(approval: Approval): string {
  return approval.status === "pending" && approval.terms.quorum > 1 ? ` (${yesOf(approval)})` : "";
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
    ["edited by", editText(approval)],
    ["needs", demands(approval)],
    ["may permit", permission(approval)],
    ["escalated", escalation(approval)],
    ["time left", approval.status === "pending" ? `${duration(left)} (until ${until})` : ""],
    ["input", `${count(Array.from(approval.text).length, "character")}, ${count(bytes, "byte")}`],
  ];
  const stands = approval.status === "pending" && left <= 0 ? "expired" : approval.status;
  const heading = `Approval ${displayName(approval.ref)}: ${stands === "pending" ? `a person must answer${votes(approval)}` : stands}`;
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
