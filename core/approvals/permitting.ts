import type { AgainChoice, AgainTerms } from "../model/allowance.ts";
import type { Approval } from "../model/approval.ts";
import { objectionToAgain } from "./again.ts";
import { count, DEFAULT_COLUMNS, field, MINIMUM_COLUMNS } from "./layout.ts";
import { displayName } from "./visible.ts";

/** A standing yes as somebody typed it, or why it is none. */
export type TypedChoice = Required<AgainChoice> | { readonly problem: string };

/** What the policy lets an approver permit beyond the call; undefined where that is nothing. */
export function offered(approval: Approval): AgainTerms | undefined {
  return objectionToAgain(approval, true, false) === undefined ? approval.terms.again : undefined;
}

const TYPED = /^a(?:\s+(\d+))?(?:\s+(\d+)\s*(s|m|min|h|d))?$/u;

const UNIT_MS: ReadonlyMap<string | undefined, number> = new Map([
  ["s", 1_000],
  ["m", 60_000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/**
 * Reads `a`, `a 5`, `a 2h` and `a 5 2h`: calls like the shown one, how many of them and for how long, what is left out as far as
 * the policy goes. Undefined for what is none of these, and where the policy offers nothing.
 */
export function readChoice(line: string, approval: Approval): TypedChoice | undefined {
  const again = offered(approval);
  const typed = TYPED.exec(line);
  if (again === undefined || typed === null) return undefined;
  const [, number, amount, unit] = typed;
  const uses = number === undefined ? again.uses : Number(number);
  const forMs = amount === undefined ? again.forMs : Number(amount) * (UNIT_MS.get(unit) ?? Number.NaN);
  const choice = { uses, forMs };
  if (objectionToAgain(approval, choice, false) === undefined) return choice;
  return { problem: `The policy lets you permit ${span(again)}, and from 1 call on.` };
}

/** What can be typed, for the help. */
export function choiceHelp(again: AgainTerms): string {
  return `a does what y does and, once you confirm it, permits ${span(again)}; \`a 1\`, \`a 10min\` or \`a 1 10min\` permits less.`;
}

function span({ uses, forMs }: Required<AgainChoice>): string {
  return `up to ${count(uses, "call")} like it within ${exactly(forMs)}`;
}

/**
 * What a standing yes covers, in words: which calls, whose, how many, for how long, and what in them may differ. Names are quoted
 * where they are not plain, and every hidden character is escaped.
 *
 * @param options `columns`: width of the screen, at least 24; default 80.
 * @returns lines joined by `\n`, without one at the end; safe to write to a terminal
 * @example output.write(`${scopeInWords(approval, { uses: 5, forMs: 7_200_000 })}\n`);
 */
export function scopeInWords(
  approval: Approval,
  choice: Required<AgainChoice>,
  options: { readonly columns?: number | undefined } = {},
): string {
  const columns = Math.max(MINIMUM_COLUMNS, Math.floor(options.columns || DEFAULT_COLUMNS));
  return field("also permits", scopeOf(approval, choice), columns).join("\n");
}

function scopeOf(approval: Approval, { uses, forMs }: Required<AgainChoice>): string {
  const { counterparty, principal, session, terms, tool } = approval;
  const { chain, agent, subject, tenant } = principal;
  const vary = (terms.again?.vary ?? []).map((path) => displayName(["input", ...path].join(".")));
  const parts = [
    `up to ${count(uses, "more call")} of ${displayName(tool)}`,
    `within ${exactly(forMs)} from now`,
    `by the agent ${[...chain, agent].map(displayName).join(" > ")} for ${displayName(subject)} of ${displayName(tenant)}`,
    terms.again?.session === true && session !== null
      ? `in the session ${displayName(session)} only`
      : "in any session",
    counterparty === null ? "" : `with ${displayName(counterparty.id)} only`,
    vary.length === 0
      ? "with exactly the input shown"
      : `with the input shown, in which ${vary.join(" and ")} may hold anything else of the same kind`,
  ].filter((part) => part !== "");
  return `without asking anybody again: ${parts.join(", ")}. "leash allowances" lists it and takes it back.`;
}

/** A span of time in full, nothing rounded. */
function exactly(ms: number): string {
  const parts: string[] = [];
  let left = ms;
  for (const [unit, length] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
    ["ms", 1],
  ] as const) {
    const amount = Math.floor(left / length);
    left -= amount * length;
    if (amount > 0) parts.push(`${amount} ${unit}`);
  }
  return parts.join(" ");
}
