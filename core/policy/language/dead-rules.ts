import type { Report } from "../issues.ts";
import { covers, type Pattern } from "./names.ts";
import type { RuleEntry } from "./rules.ts";
import type { ToolEntry } from "./tools.ts";

/**
 * Reports every allow that a deny without condition covers wholly: denies come first, so it could never allow anything, and
 * its author believes that it does.
 */
export function reportDeadRules(rules: readonly RuleEntry[], tools: readonly ToolEntry[], report: Report): void {
  const denies = rules.filter((rule) => rule.effect === "deny" && rule.when === undefined);
  const coveringDeny = (patterns: readonly Pattern[]): RuleEntry | undefined =>
    denies.find((deny) => patterns.every((narrow) => deny.action.some((wide) => covers(wide, narrow))));
  const coveringName = (name: string): RuleEntry | undefined => coveringDeny([{ kind: "exact", name }]);
  for (const rule of rules) {
    const deny = rule.effect === "allow" && rule.action.length > 0 ? coveringDeny(rule.action) : undefined;
    if (deny !== undefined) {
      report("dead_rule", rule.place, `the rule \`${rule.id}\` can never allow: \`${deny.id}\` denies all it allows`);
    }
  }
  for (const tool of tools) {
    // A deny meets every name of a tool, so one covered name is enough.
    const deny =
      tool.decision === "allow" ? tool.names.map(coveringName).find((found) => found !== undefined) : undefined;
    if (deny !== undefined) {
      report("dead_rule", tool.place, `the tool \`${tool.name}\` can never be allowed: \`${deny.id}\` denies it`);
    }
  }
}
