import type { Rule } from "./rules.ts";
import type { Request } from "./traffic.ts";

/** The exact tool, or the service alone where a rule is for all of its tools. */
export function toolOf({ kind, service }: Rule): string {
  return kind === "any" ? service : `${service}.${kind}`;
}

/**
 * A tool index like ours for an evaluator that has none: what can match each tool that is asked for, the rules for its whole
 * service first, merged beforehand.
 */
export function byTool<Item>(
  rules: readonly Rule[],
  items: readonly Item[],
  requests: readonly Request[],
): ReadonlyMap<string, readonly Item[]> {
  const named = new Map<string, Item[]>();
  for (const [index, rule] of rules.entries()) {
    const listed = named.get(toolOf(rule)) ?? [];
    named.set(toolOf(rule), [...listed, ...items.slice(index, index + 1)]);
  }
  return new Map(
    requests.map(({ service, tool }) => [tool, [...(named.get(service) ?? []), ...(named.get(tool) ?? [])]]),
  );
}
