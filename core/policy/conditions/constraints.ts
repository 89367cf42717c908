import { createHostTable, normalizeHost, parseHostPattern } from "../hosts.ts";
import type { Report } from "../issues.ts";
import { describe } from "../located.ts";
import { type Block, block, namesOf, type Reader, type Shape } from "../readers.ts";
import { allOf, comparison } from "./combine.ts";
import { type Condition, makeCondition } from "./made.ts";
import { shownValue } from "./operators.ts";

/** What must hold beside a rule's `when`; whatever the call does not tell is unknown. */
export interface ConstraintsForm {
  /** Least `money.amount`, minor units, inclusive. */
  readonly amount_min?: number;
  /** Largest `money.amount`, minor units, inclusive. */
  readonly amount_max?: number;
  /** Allowed `money.currency`. */
  readonly currency?: readonly string[];
  /** Host patterns of which one must meet `counterparty.id`. */
  readonly allowed_domains?: readonly string[];
  /** Host patterns of which none may meet `counterparty.id`. */
  readonly blocked_domains?: readonly string[];
}

/** The shape of ISO 4217's alphabetic codes. */
const CURRENCY = /^[A-Z]{3}$/;

const amount: Reader<number> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  report("bad_value", node.place, "an amount is a whole number of minor units (cents), at least 0");
  return undefined;
};

const currency: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && CURRENCY.test(value)) return value;
  report("bad_value", node.place, "a currency is a code of three capital letters, such as USD");
  return undefined;
};

const domain: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  const pattern = typeof value === "string" ? parseHostPattern(value) : undefined;
  if (pattern === undefined) {
    const hint = "no scheme, port or path";
    report("bad_host", node.place, `a domain is a host name, or \`*.\` and a host name, not ${describe(node)}`, hint);
  }
  return pattern;
};

export const constraintsShape: Shape<ConstraintsForm> = {
  what: "`constraints`",
  keys: {
    amount_min: amount,
    amount_max: amount,
    currency: namesOf("`currency`", currency),
    allowed_domains: namesOf("`allowed_domains`", domain),
    blocked_domains: namesOf("`blocked_domains`", domain),
  },
};

const readConstraints = block(constraintsShape);

/** Reads a rule's `constraints` as a condition, to be joined to its `when`. */
export const constraints: Reader<Condition> = (node, report) => {
  let isSound = true;
  const note: Report = (...issue) => {
    isSound = false;
    report(...issue);
  };
  const read = readConstraints(node, note);
  if (read === undefined) return undefined;
  if (node.kind === "map" && node.members.size === 0) {
    note("bad_value", node.place, "`constraints` must name at least one");
  }
  checkConstraints(read, note);
  return isSound ? constraintsCondition(read.values) : undefined;
};

function checkConstraints(read: Block<ConstraintsForm>, report: Report): void {
  const { amount_min: least, amount_max: most } = read.values;
  if (least !== undefined && most !== undefined && least > most) {
    report(
      "bad_value",
      read.placeOf("amount_min"),
      "`amount_min` is larger than `amount_max`: no amount is between them",
    );
  }
}

/**
 * A condition that holds where all constraints do. Without any it always holds.
 * @throws Error for a domain that is no host pattern.
 */
export function constraintsCondition(values: ConstraintsForm): Condition {
  const { amount_min: least, amount_max: most, currency: currencies, allowed_domains: allowed } = values;
  const { blocked_domains: blocked } = values;
  return allOf([
    ...(least === undefined ? [] : [comparison(["money", "amount"], "gte", least)]),
    ...(most === undefined ? [] : [comparison(["money", "amount"], "lte", most)]),
    ...(currencies === undefined ? [] : [comparison(["money", "currency"], "in", currencies)]),
    ...(allowed === undefined ? [] : [counterpartyAmong(allowed, true)]),
    ...(blocked === undefined ? [] : [counterpartyAmong(blocked, false)]),
  ]);
}

/** `wanted`: whether it must be among them. A counterparty whose id is no host is unknown either way. */
function counterpartyAmong(domains: readonly string[], wanted: boolean): Condition {
  const table = createHostTable(new Map(domains.map((each) => [hostPattern(each), true])));
  const source = `counterparty.id ${wanted ? "within" : "outside of"} ${shownValue(domains)}`;
  const holds: Condition["holds"] = ({ counterparty }) => {
    const host = counterparty === null ? undefined : normalizeHost(counterparty.id);
    return host === undefined ? undefined : (table.find(host) === true) === wanted;
  };
  const parts = [{ source, holds }];
  return makeCondition({ holds, source, compiled: true, parts: () => parts, comparisons: () => [] });
}

function hostPattern(written: string): string {
  const pattern = parseHostPattern(written);
  if (pattern === undefined) throw new Error(`${JSON.stringify(written)} is no host pattern`);
  return pattern;
}
