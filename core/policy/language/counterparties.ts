import { createHostTable, type HostTable, parseHostPattern } from "../hosts.ts";
import { describe } from "../located.ts";
import { type Block, block, listOf, oneOf, type Reader, type Shape } from "../readers.ts";

/** How far a counterparty is trusted, least first. Only a policy says so, never a call. */
export const TRUST_LEVELS = ["LOW", "MEDIUM", "HIGH", "REGULATED"] as const;

export type Trust = (typeof TRUST_LEVELS)[number];

export interface CounterpartyForm {
  readonly match: string;
  readonly trust: Trust;
}

/** `host.example.org`, or `*.example.org` for every name below it. */
const match: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value !== "string") {
    report("wrong_type", node.place, `\`match\` must be a host, not ${describe(node)}`);
    return undefined;
  }
  const pattern = parseHostPattern(value);
  if (pattern === undefined) {
    report("bad_host", node.place, "`match` must be a host name, or `*.` and a host name", "no scheme, port or path");
  }
  return pattern;
};

export const counterpartyShape: Shape<CounterpartyForm> = {
  what: "a counterparty",
  keys: { match, trust: oneOf("`trust`", TRUST_LEVELS) },
  required: ["match", "trust"],
};

const entries = listOf<Block<CounterpartyForm>>("`counterparties`", block(counterpartyShape));

/** Reads the trust table; a host that stands twice is refused, because one of the two would be wrong. */
export const counterparties: Reader<HostTable<Trust>> = (node, report) => {
  const found = new Map<string, Trust>();
  for (const entry of entries(node, report) ?? []) {
    const { match: host, trust } = entry.values;
    if (host === undefined || trust === undefined) continue;
    if (found.has(host)) report("duplicate", entry.placeOf("match"), `the counterparty \`${host}\` stands twice`);
    found.set(host, trust);
  }
  return createHostTable(found);
};
