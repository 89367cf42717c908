import type { Json } from "../../model/json.ts";
import { resetSteps } from "../conditions/closures/steps.ts";
import { makeCondition } from "../conditions/made.ts";
import { compilePattern, matchBounded, type Pattern } from "../conditions/patterns/patterns.ts";
import type { Report } from "../issues.ts";
import type { ReadDocument } from "../language/document.ts";
import type { RuleEntry } from "../language/rules.ts";
import { tools } from "../language/tools.ts";
import { describe, type Located, type LocatedMap, type LocatedMember, toJson } from "../located.ts";
import { listOf, type Reader } from "../readers.ts";
import { suggest } from "../suggest.ts";

/** Keys that mean the same under another name, or the same under their own. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ["decision", "decision"],
  ["allowed_commands", "allowed_commands"],
  ["allowed_cwd_prefixes", "allowed_paths"],
  ["allowed_paths", "allowed_paths"],
  ["deny_extensions", "deny_extensions"],
  ["allowed_methods", "allowed_methods"],
  ["allowed_domains", "allowed_hosts"],
  ["deny_domains", "denied_hosts"],
  ["deny_ip_ranges", "deny_ip_ranges"],
]);

/** What whoever runs the tool must keep: an obligation, so that it is not overlooked. */
const FOR_THE_EXECUTOR: readonly string[] = [
  "sandbox_command_prefix",
  "run_as_uid",
  "run_as_gid",
  "env_allowlist",
  "env_overrides",
  "max_output_bytes",
  "max_timeout_ms",
  "max_size_bytes",
  "timeout_ms",
  "max_body_bytes",
  "max_redirects",
];

/** What is counted there is stated as `limits` here, and who may do what as conditions. */
const ELSEWHERE: readonly string[] = ["cost_usd", "taint", "principals", "budgets"];

const KNOWN = [...RENAMED.keys(), ...FOR_THE_EXECUTOR, "deny_patterns"];

/** The obligation's type under which a program registers that it keeps the bounds of Gatekeeper's executors. */
const EXECUTOR_BOUNDS = "gatekeeper.executor_bounds";

/**
 * Reads a Gatekeeper policy: a `tools` block whose entries are the whole policy, everything else denied. Its guards become ours,
 * which parse; its `deny_patterns` are looked for in every text of the input, and one that is no regular expression does not load.
 */
export const gatekeeper: Reader<ReadDocument> = (node, report) => {
  if (node.kind !== "map") return undefined;
  for (const [key, { keyPlace }] of node.members) {
    if (key === "tools") continue;
    if (ELSEWHERE.includes(key))
      report("unsupported", keyPlace, `\`${key}\` is not read from a Gatekeeper policy`, HELP);
    else report("unknown_key", keyPlace, `a Gatekeeper policy has no key \`${key}\``, suggest(key, ["tools"]));
  }
  const block = node.members.get("tools")?.value;
  if (block?.kind !== "map") {
    report("wrong_type", node.place, "`tools` must be a block of tools by name");
    return undefined;
  }
  const rules: RuleEntry[] = [];
  const members = new Map<string, LocatedMember>();
  for (const [name, member] of block.members) {
    const entry = translate(member.value, report);
    if (entry === undefined) continue;
    members.set(name, { keyPlace: member.keyPlace, value: entry });
    rules.push(...denyPatterns(name, member.value, report));
  }
  const entries = tools({ kind: "map", members, place: block.place }, report);
  return { id: "gatekeeper", default: "deny", rules, ...(entries === undefined ? {} : { tools: entries }) };
};

const HELP = "write it in our language: `limits` for budgets, conditions over `agent` and `labels` for the others";

/** The same entry in our language, its values where they stood. */
function translate(node: Located, report: Report): LocatedMap | undefined {
  if (node.kind !== "map") {
    report("wrong_type", node.place, `a tool must be a block of keys, not ${describe(node)}`);
    return undefined;
  }
  if (!node.members.has("decision")) report("missing_key", node.place, "a tool needs the key `decision`");
  const members = new Map<string, LocatedMember>();
  const bounds = new Map<string, LocatedMember>();
  for (const [key, member] of node.members) {
    const renamed = RENAMED.get(key);
    if (renamed !== undefined) members.set(renamed, { ...member, value: inOurForm(key, member.value) });
    else if (FOR_THE_EXECUTOR.includes(key)) bounds.set(key, member);
    else if (ELSEWHERE.includes(key))
      report("unsupported", member.keyPlace, `\`${key}\` is not read from a Gatekeeper policy`, HELP);
    else if (key !== "deny_patterns")
      report("unknown_key", member.keyPlace, `a tool has no key \`${key}\``, suggest(key, KNOWN));
  }
  addImplied(node, members);
  const decision = members.get("decision")?.value;
  if (bounds.size > 0 && !(decision?.kind === "scalar" && decision.value === "deny"))
    members.set("obligations", { keyPlace: node.place, value: obligationOf(node, bounds) });
  return { kind: "map", members, place: node.place };
}

/** Only simple commands there; private addresses always refused here; a working folder is a path at `input.cwd`. */
function addImplied(node: LocatedMap, members: Map<string, LocatedMember>): void {
  const { place } = node;
  const scalar = (value: string | boolean): Located => ({ kind: "scalar", value, place, verbatimAt: undefined });
  const isNetwork = ["allowed_methods", "allowed_domains", "deny_domains", "deny_ip_ranges"].some((key) =>
    node.members.has(key),
  );
  if (isNetwork) members.set("deny_private_ips", { keyPlace: place, value: scalar(true) });
  if (node.members.has("allowed_commands"))
    members.set("allow_shell", { keyPlace: place, value: { kind: "list", items: [], place } });
  if (node.members.has("allowed_cwd_prefixes")) members.set("path", { keyPlace: place, value: scalar("input.cwd") });
}

/** Prefixes as globs; `.example.org` as the name and everything below it. */
function inOurForm(key: string, value: Located): Located {
  if (value.kind !== "list") return value;
  const change = (text: string): readonly string[] => {
    if (key === "allowed_paths" || key === "allowed_cwd_prefixes") {
      const folder = text.endsWith("/") ? text.slice(0, -1) : text;
      return [folder, `${folder}/**`];
    }
    if (key === "allowed_domains" || key === "deny_domains")
      return text.startsWith(".") ? [text.slice(1), `*${text}`] : [text];
    return [text];
  };
  const items = value.items.flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "string"
      ? change(item.value).map((text): Located => ({ ...item, value: text }))
      : [item],
  );
  return { ...value, items };
}

function obligationOf({ place }: LocatedMap, bounds: ReadonlyMap<string, LocatedMember>): Located {
  const type: Located = { kind: "scalar", value: EXECUTOR_BOUNDS, place, verbatimAt: undefined };
  const members = new Map<string, LocatedMember>([
    ["type", { keyPlace: place, value: type }],
    ["params", { keyPlace: place, value: { kind: "map", members: bounds, place } }],
  ]);
  return { kind: "list", items: [{ kind: "map", members, place }], place };
}

const pattern: Reader<Pattern> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value !== "string") {
    report("wrong_type", node.place, `a pattern must be a text, not ${describe(node)}`);
    return undefined;
  }
  try {
    return compilePattern(value);
  } catch {
    report("bad_pattern", node.place, "this is no regular expression (RE2 syntax)");
    return undefined;
  }
};

function denyPatterns(tool: string, node: Located, report: Report): readonly RuleEntry[] {
  const member = node.kind === "map" ? node.members.get("deny_patterns") : undefined;
  const matchers = member === undefined ? undefined : listOf("`deny_patterns`", pattern)(member.value, report);
  if (member === undefined || matchers === undefined || matchers.length === 0) return [];
  const source = "deny_patterns";
  const holds = ({
    action,
  }: {
    readonly action: { readonly input: Json; readonly text: string };
  }): boolean | undefined => anyMatches(matchers, [action.text, ...textsOf(action.input)]);
  const when = makeCondition({
    holds,
    source,
    compiled: true,
    parts: () => [{ source, holds }],
    comparisons: () => [],
  });
  const name = tool.normalize("NFC");
  return [
    {
      id: `${tool.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^[._-]+/, "")}.deny_patterns`,
      action: [{ kind: "exact", name }],
      effect: "deny",
      when,
      json: { tool: name, deny_patterns: toJson(member.value) },
      place: member.keyPlace,
    },
  ];
}

/** Unknown where a text is too long to be looked through, and so a refusal. */
function anyMatches(matchers: readonly Pattern[], texts: readonly string[]): boolean | undefined {
  let unknown = false;
  resetSteps();
  for (const text of texts) {
    for (const matches of matchers) {
      const held = matchBounded(matches, text);
      if (held === true) return true;
      if (held === undefined) unknown = true;
    }
  }
  return unknown ? undefined : false;
}

function textsOf(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
