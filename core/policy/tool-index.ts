import type { ToolSpec } from "../model/tool.ts";
import type { CompiledRule, CompiledTool } from "./compile.ts";
import { meets } from "./language/names.ts";
import { parseInputPath } from "./language/paths.ts";

/** What a policy has to say about one tool: nothing else of it is looked at. */
export interface ToolRules {
  /** Deny rules in file order. */
  readonly denies: readonly CompiledRule[];
  /** The other rules in file order. */
  readonly others: readonly CompiledRule[];
  readonly tool: CompiledTool | undefined;
  /** Where the counterparty stands in the input: the policy's statement, else the registry's. */
  readonly counterparty: readonly string[] | "unreadable" | undefined;
}

export interface ToolIndex {
  /** The rules for a tool, by its registered id and, for denies, all its aliases. */
  of(tool: ToolSpec): ToolRules;
  /** The policy's own entry for a tool. */
  entry(tool: ToolSpec): CompiledTool | undefined;
}

/** What is kept per name; beyond it the memory starts anew, so that a flood of names costs time and not memory. */
const MAXIMUM_NAMES = 4096;

interface NameRules {
  readonly denies: readonly CompiledRule[];
  readonly others: readonly CompiledRule[];
  readonly tool: CompiledTool | undefined;
}

/**
 * Finds rules by tool. Names that one entry of the `tools` block lists are names of one tool, for every rule: the policy's
 * author said so. Aliases that only the registry knows count for denies alone.
 */
export function createToolIndex(rules: readonly CompiledRule[], tools: readonly CompiledTool[]): ToolIndex {
  const entries = new Map(tools.flatMap((tool) => tool.names.map((name) => [name, tool] as const)));
  const exact = new Map<string, CompiledRule[]>();
  const wide: CompiledRule[] = [];
  for (const rule of rules) {
    if (rule.patterns.some(({ kind }) => kind !== "exact")) {
      wide.push(rule);
      continue;
    }
    for (const pattern of rule.patterns) {
      if (pattern.kind !== "exact") continue;
      const listed = exact.get(pattern.name);
      if (listed === undefined) exact.set(pattern.name, [rule]);
      else listed.push(rule);
    }
  }

  const find = (name: string): NameRules => {
    const tool = entries.get(name);
    const names = tool?.names ?? [name];
    const matching = inFileOrder([
      ...names.flatMap((each) => exact.get(each) ?? []),
      ...wide.filter((rule) => rule.patterns.some((pattern) => names.some((each) => meets(pattern, each)))),
    ]);
    return {
      denies: matching.filter(({ effect }) => effect === "deny"),
      others: matching.filter(({ effect }) => effect !== "deny"),
      tool,
    };
  };

  const known = new Map<string, NameRules>();
  const named = (name: string): NameRules => {
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    if (known.size >= MAXIMUM_NAMES) known.clear();
    const found = find(name.normalize("NFC"));
    known.set(name, found);
    return found;
  };

  return {
    of(spec) {
      const { denies, others, tool } = named(spec.id);
      return {
        denies:
          spec.aliases.length === 0
            ? denies
            : inFileOrder([...denies, ...spec.aliases.flatMap((alias) => named(alias).denies)]),
        others,
        tool,
        counterparty: tool?.counterparty ?? registeredPath(spec.counterparty),
      };
    },
    entry: (spec) => named(spec.id).tool,
  };
}

/** A path that the registry states but nobody can follow is not the same as none: nothing else is believed then. */
function registeredPath(path: string | null): readonly string[] | "unreadable" | undefined {
  return path === null ? undefined : (parseInputPath(path) ?? "unreadable");
}

function inFileOrder(rules: readonly CompiledRule[]): readonly CompiledRule[] {
  return [...new Set(rules)].sort((a, b) => a.order - b.order);
}
