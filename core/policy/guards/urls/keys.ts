import type { Report } from "../../issues.ts";
import { describe } from "../../located.ts";
import { type Block, flag, listOf, namesOf, oneOf, type Reader } from "../../readers.ts";
import { parseAddress, parseRange, problemOf } from "../addresses.ts";
import { isLocalName, isPort, parseHostEntry, parseMethod, SCHEME_PORTS } from "./endpoints.ts";
import type { GuardForm } from "../guard.ts";
import { inputPaths } from "../input-texts.ts";
import { deniedTable } from "./rules.ts";

/** The URL guard's keys in an entry of `tools`. One of them is enough for the guard to stand. */
export interface UrlForm {
  readonly url?: readonly string[];
  readonly host?: readonly string[];
  readonly allowed_hosts?: readonly string[];
  readonly denied_hosts?: readonly string[];
  readonly deny_ip_ranges?: readonly string[];
  readonly deny_private_ips?: boolean;
  readonly allowed_schemes?: readonly string[];
  readonly allowed_ports?: readonly number[];
  readonly allowed_methods?: readonly string[];
  readonly method?: readonly string[];
}

/** An entry that is a text in one exact form. */
function entry(parse: (text: string) => string | undefined, problem: string, hint: string): Reader<string> {
  return (node, report) => {
    const value = node.kind === "scalar" ? node.value : undefined;
    if (typeof value !== "string") {
      report("wrong_type", node.place, `${problem}, not ${describe(node)}`, hint);
      return undefined;
    }
    const meaning = parse(value);
    if (meaning === undefined) report("bad_host", node.place, problem, hint);
    return meaning;
  };
}

const host = entry(
  parseHostEntry,
  "a host must be a name, `*.` and a name, or an IP address",
  "no scheme, port or path; blocks of addresses stand in `deny_ip_ranges`",
);

const range = entry(
  (text) => (parseRange(text) === undefined ? undefined : text),
  "a block of addresses must be in CIDR form",
  "for example 10.0.0.0/8 or 2001:db8::/32, with no bits set after the prefix",
);

const method: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  const word = typeof value === "string" ? parseMethod(value) : undefined;
  if (word !== undefined) return word;
  report("bad_value", node.place, "a method is a word such as GET or POST");
  return undefined;
};

const port: Reader<number> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "number" && isPort(value)) return value;
  report("bad_value", node.place, "a port is a whole number from 1 to 65535");
  return undefined;
};

const portList = listOf("`allowed_ports`", port);

const ports: Reader<readonly number[]> = (node, report) => {
  const found = portList(node, report);
  if (found === undefined || node.kind !== "list") return undefined;
  if (node.items.length === 0) report("bad_value", node.place, "`allowed_ports` must not be empty");
  if (new Set(found).size !== found.length) {
    report("duplicate", node.place, "`allowed_ports` names something twice");
  }
  return found;
};

export const urlKeys: GuardForm<UrlForm>["keys"] = {
  url: inputPaths("`url`"),
  host: inputPaths("`host`"),
  allowed_hosts: namesOf("`allowed_hosts`", host),
  denied_hosts: namesOf("`denied_hosts`", host),
  deny_ip_ranges: namesOf("`deny_ip_ranges`", range),
  deny_private_ips: flag("`deny_private_ips`"),
  allowed_schemes: namesOf("`allowed_schemes`", oneOf("a scheme", [...SCHEME_PORTS.keys()])),
  allowed_ports: ports,
  allowed_methods: namesOf("`allowed_methods`", method),
  method: inputPaths("`method`"),
};

/** Reports keys without meaning, and allowed hosts that could never pass: their author believes that they do. */
export function checkUrlKeys(block: Block<UrlForm>, report: Report): void {
  const { values } = block;
  if (values.method !== undefined && values.allowed_methods === undefined) {
    report("misplaced_key", block.placeOf("method"), "`method` means nothing without `allowed_methods`");
  }
  if (values.allowed_schemes !== undefined && values.host !== undefined && values.url === undefined) {
    report("misplaced_key", block.placeOf("allowed_schemes"), "`allowed_schemes` means nothing for a bare `host`");
  }
  const denied = deniedTable(values.denied_hosts ?? []);
  for (const name of values.allowed_hosts ?? []) {
    const deny = denied.find(name);
    if (deny !== undefined) {
      report("dead_rule", block.placeOf("allowed_hosts"), `\`${name}\` can never pass: \`denied_hosts\` denies it`);
    } else if (values.deny_private_ips !== false && isPrivate(name)) {
      report(
        "dead_rule",
        block.placeOf("allowed_hosts"),
        `\`${name}\` can never pass: it is no public host`,
        "say `deny_private_ips: false` if the tool shall reach it",
      );
    }
  }
}

function isPrivate(pattern: string): boolean {
  const address = parseAddress(pattern);
  return address === undefined ? isLocalName(pattern) : problemOf(address) !== undefined;
}
