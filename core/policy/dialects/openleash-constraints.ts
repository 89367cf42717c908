import { allOf } from "../conditions/combine.ts";
import type { ReadValue } from "../conditions/closures/terms.ts";
import { type Condition, makeCondition } from "../conditions/made.ts";
import { shownValue } from "../conditions/operators.ts";
import { normalizeHost } from "../hosts.ts";
import { describe } from "../located.ts";
import { block, listOf, type Reader, type Shape } from "../readers.ts";
import { parseActionPath } from "./openleash-paths.ts";

interface ConstraintsForm {
  readonly amount_min?: number;
  readonly amount_max?: number;
  readonly currency?: readonly string[];
  readonly merchant_domain?: readonly string[];
  readonly allowed_domains?: readonly string[];
  readonly blocked_domains?: readonly string[];
}

function amount(what: string): Reader<number> {
  return (node, report) => {
    if (node.kind === "scalar" && typeof node.value === "number") return node.value;
    report("wrong_type", node.place, `${what} must be a number, not ${describe(node)}`);
    return undefined;
  };
}

function words(what: string): Reader<readonly string[]> {
  return listOf(what, (node, report) => {
    if (node.kind === "scalar" && typeof node.value === "string") return node.value;
    report("wrong_type", node.place, `${what} lists texts, not ${describe(node)}`);
    return undefined;
  });
}

const shape: Shape<ConstraintsForm> = {
  what: "`constraints`",
  keys: {
    amount_min: amount("`amount_min`"),
    amount_max: amount("`amount_max`"),
    currency: words("`currency`"),
    merchant_domain: words("`merchant_domain`"),
    allowed_domains: words("`allowed_domains`"),
    blocked_domains: words("`blocked_domains`"),
  },
};

const readShape = block(shape);

const pathOf = (text: string): ReadValue => parseActionPath(text) ?? (() => undefined);

const AMOUNT = pathOf("$.payload.amount_minor");
const CURRENCY = pathOf("$.payload.currency");
const MERCHANT = pathOf("$.payload.merchant_domain");
const DOMAIN = pathOf("$.payload.domain");
const RELYING_PARTY = pathOf("$.relying_party.domain");

/**
 * Reads an OpenLeash rule's `constraints` as one condition. There, a text passes every bound of an amount and a host in another
 * spelling passes a block list; here, what is no plain amount, and a host that two readings tell apart, is unknown.
 */
export const constraints: Reader<Condition> = (node, report) => {
  const values = readShape(node, report)?.values;
  if (values === undefined) return undefined;
  const { amount_min: least, amount_max: most, currency, merchant_domain: merchants } = values;
  const { allowed_domains: allowed, blocked_domains: blocked } = values;
  return allOf([
    ...(least === undefined ? [] : [bounded(`amount_minor >= ${least}`, (found) => found >= least)]),
    ...(most === undefined ? [] : [bounded(`amount_minor <= ${most}`, (found) => found <= most)]),
    ...(currency === undefined ? [] : [listed(currency)]),
    ...(merchants === undefined ? [] : [domains(MERCHANT, merchants, true)]),
    ...(allowed === undefined ? [] : [domains(DOMAIN, allowed, true)]),
    ...(blocked === undefined ? [] : [domains(DOMAIN, blocked, false)]),
  ]);
};

/** Amounts are whole numbers of at least 0, in minor units. */
function bounded(source: string, within: (amount: number) => boolean): Condition {
  return plain(source, (call) => {
    const found = AMOUNT(call);
    return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? within(found) : undefined;
  });
}

function listed(currencies: readonly string[]): Condition {
  return plain(`currency in ${shownValue(currencies)}`, (call) => {
    const found = CURRENCY(call);
    return typeof found === "string" ? currencies.includes(found) : undefined;
  });
}

/**
 * `wanted`: whether the domain must be on the list. Read as there (letter by letter) and as hosts are read (case, trailing dot,
 * international names, names below a blocked one); where the two differ, nobody knows.
 */
function domains(own: ReadValue, list: readonly string[], wanted: boolean): Condition {
  const hosts = new Set(list.map((each) => normalizeHost(each) ?? each));
  const source = `domain ${wanted ? "in" : "not in"} ${shownValue(list)}`;
  return plain(source, (call) => {
    const found = own(call) ?? RELYING_PARTY(call) ?? undefined;
    if (typeof found !== "string") return undefined;
    const host = normalizeHost(found);
    if (host === undefined) return undefined;
    const plainly = list.includes(found);
    const asHost = hosts.has(host) || (!wanted && parentsOf(host).some((parent) => hosts.has(parent)));
    return plainly === asHost ? plainly === wanted : undefined;
  });
}

function parentsOf(host: string): readonly string[] {
  const labels = host.split(".");
  return labels.slice(1).map((_label, index) => labels.slice(index + 1).join("."));
}

function plain(source: string, holds: Condition["holds"]): Condition {
  return makeCondition({ holds, source, compiled: true, parts: () => [{ source, holds }], comparisons: () => [] });
}
