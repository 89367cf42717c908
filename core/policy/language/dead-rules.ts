import type { Report } from "../issues.ts";
import type { Pattern } from "./names.ts";
import type { RuleEntry } from "./rules.ts";
import type { ToolEntry } from "./tools.ts";

/** The first rule that always answers, by what it names: a name, a prefix with its dot, or everything. */
type Finals = ReadonlyMap<string, { readonly rule: RuleEntry; readonly index: number }>;

/** A rule that answers whatever the input: what stands behind it for the same tools says nothing. */
const isFinal = (rule: RuleEntry): boolean =>
  rule.when === undefined && rule.mode !== "observe" && rule.overridable !== true;

/**
 * Reports rules and entries that can never have a say, though their author believes that they do: an allow that denies without
 * condition cover wholly (denies come first), and a rule behind others without condition that answer for all its tools.
 */
export function reportDeadRules(rules: readonly RuleEntry[], tools: readonly ToolEntry[], report: Report): void {
  const denying = finalsOf(rules, ({ effect }) => effect === "deny");
  const answering = finalsOf(rules, ({ effect }) => effect !== "deny");
  for (const [index, rule] of rules.entries()) {
    if (rule.effect === "deny") continue;
    const deny = rule.effect === "allow" ? hiding(rule.action, denying) : undefined;
    const earlier = hiding(rule.action, answering, index);
    if (deny !== undefined)
      report("dead_rule", rule.place, `the rule \`${rule.id}\` can never allow: \`${deny.id}\` denies all it allows`);
    if (earlier !== undefined)
      report(
        "dead_rule",
        rule.place,
        `the rule \`${rule.id}\` is never reached: \`${earlier.id}\` before it answers for all its tools`,
      );
  }
  for (const tool of tools) {
    if (tool.decision !== "allow") continue;
    // A deny meets every name of a tool, so one covered name is enough.
    const deny = tool.names.flatMap((name) => hiding([{ kind: "exact", name }], denying) ?? [])[0];
    if (deny !== undefined)
      report("dead_rule", tool.place, `the tool \`${tool.name}\` can never be allowed: \`${deny.id}\` denies it`);
  }
}

function finalsOf(rules: readonly RuleEntry[], counts: (rule: RuleEntry) => boolean): Finals {
  const found = new Map<string, { rule: RuleEntry; index: number }>();
  for (const [index, rule] of rules.entries()) {
    if (!isFinal(rule) || !counts(rule)) continue;
    for (const pattern of rule.action) {
      const [key] = keysCovering(pattern);
      if (!found.has(key)) found.set(key, { rule, index });
    }
  }
  return found;
}

/** The rule that hides the first of the patterns, where every one of them is hidden; only by rules before `end`. */
function hiding(
  patterns: readonly Pattern[],
  finals: Finals,
  end: number = Number.POSITIVE_INFINITY,
): RuleEntry | undefined {
  if (finals.size === 0) return undefined;
  const hidden = patterns.map((pattern) =>
    keysCovering(pattern)
      .map((key) => finals.get(key))
      .find((final) => final !== undefined && final.index < end),
  );
  return hidden.every((final) => final !== undefined) ? hidden[0]?.rule : undefined;
}

/** What covers a pattern, itself first: its own key, every shorter prefix, everything. */
function keysCovering(pattern: Pattern): readonly [string, ...string[]] {
  if (pattern.kind === "any") return ["*"];
  const own = pattern.kind === "exact" ? `=${pattern.name}` : pattern.prefix;
  const name = pattern.kind === "exact" ? pattern.name : pattern.prefix.slice(0, -1);
  const prefixes: string[] = [];
  // A name that ends with a dot is not below itself.
  for (let dot = name.indexOf("."); dot !== -1 && dot < name.length - 1; dot = name.indexOf(".", dot + 1))
    prefixes.push(name.slice(0, dot + 1));
  return [own, ...prefixes, "*"];
}
