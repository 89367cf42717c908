import { type Effect, EFFECTS } from "../../core/model/effect.ts";
import { type Document, type Rule, type Target, WORTH } from "./policies.ts";

/**
 * The order of section 6 of the design once more, as slowly and plainly as possible and without a line of the real thing:
 * every rule is looked at for every call, effects are numbers, unknown is undefined.
 */
export function oracle(
  { default: fallback = "deny", tools: entries, rules }: Document,
  { id, aliases }: Target,
): Effect {
  const rank = (of: Effect): number => ["allow", "approve", "step_up", "deny"].indexOf(of);
  const groups = Object.entries(entries).map(([name, entry]) => [name, ...entry.aliases]);
  const family = (name: string): readonly string[] => groups.find((group) => group.includes(name)) ?? [name];
  const meets = (written: string, name: string): boolean => {
    if (written === "*" || written === name) return true;
    return written.endsWith(".*") && name.startsWith(written.slice(0, -1)) && name.length >= written.length;
  };
  const speaksOf = (one: Rule, names: readonly string[]): boolean =>
    one.action.some((written) => names.some((name) => meets(written, name)));
  const worth = (one: Rule): boolean | undefined => (one.when === undefined ? true : WORTH[one.when]);

  const every = [id, ...aliases].flatMap(family);
  for (const one of rules) {
    if (one.effect === "deny" && speaksOf(one, every) && worth(one) !== false) return "deny";
  }
  let strictest = 0;
  let found: Effect | undefined;
  for (const one of rules) {
    if (one.effect === "deny" || !speaksOf(one, family(id))) continue;
    if (worth(one) === true) {
      found = one.effect;
      break;
    }
    if (worth(one) === undefined && one.effect !== "allow") strictest = Math.max(strictest, rank(one.effect));
  }
  const own = Object.entries(entries).find(([name]) => family(name).includes(id))?.[1].decision;
  strictest = Math.max(strictest, rank(found ?? own ?? fallback));
  return EFFECTS[strictest] ?? "deny";
}
