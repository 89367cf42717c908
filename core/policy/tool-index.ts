import type { ToolSpec } from "../model/tool.ts";
import type { CompiledLayer } from "./compile.ts";
import type { CompiledRule, CompiledTool } from "./compile-entries.ts";
import type { MoneyStatement } from "./guards/money.ts";
import { meets } from "./language/names.ts";
import { parseInputPath } from "./language/paths.ts";
import type { CompiledLimit } from "./limits.ts";
import type { LayerAnswer } from "./layer.ts";
import { slotOf } from "./members.ts";
import { type Program, writeProgram } from "./program.ts";
import { QuickPrograms } from "./quick-programs.ts";

/** What one document has to say about one tool: nothing else of it is looked at. */
export interface Portion {
  readonly layer: CompiledLayer;
  /** Deny rules in file order. */
  readonly denies: readonly CompiledRule[];
  /** The other rules in file order. */
  readonly others: readonly CompiledRule[];
  /** All of them in file order, where the first that holds answers, whatever its effect; undefined where denies come first. */
  readonly ordered: readonly CompiledRule[] | undefined;
  /** The same rules laid out for asking: denies, then the others. */
  readonly program: Program<LayerAnswer>;
  /** True where some of them may be overridden: then they are looked at the long way. */
  readonly overridable: boolean;
  readonly tool: CompiledTool | undefined;
  /** The answer where no rule has one: the tool's own, or the document's default. */
  readonly otherwise: LayerAnswer;
  /** Entries whose guards a call must pass: the tool's own, and those of the names it is registered under. */
  readonly guarding: readonly CompiledTool[];
  readonly limits: readonly CompiledLimit[];
  /** True where no guard and no limit looks at the call. */
  readonly isPlain: boolean;
  /** Where the counterparty stands in the input: the document's statement, a broader one's, else the registry's. */
  readonly counterparty: readonly string[] | "unreadable" | undefined;
  readonly money: MoneyStatement | undefined;
}

/** The portions of all documents, the broadest first. */
export type Portions = readonly [Portion, ...Portion[]];

/**
 * All that decides calls of one tool. A class, because plans are made one by one in code that is seldom run: literals would
 * have as many shapes there, and what meets many shapes is slow for ever.
 */
export class ToolPlan {
  /** The registration that it was made for, and its name then. */
  readonly spec: ToolSpec;
  readonly name: string;
  readonly portions: Portions;
  /** Where its quick program stands; 0 where it has none. */
  readonly start: number;

  constructor(spec: ToolSpec, portions: Portions, start: number) {
    this.spec = spec;
    this.name = spec.id;
    this.portions = portions;
    this.start = start;
  }
}

export interface ToolIndex {
  /** What decides calls of a tool, by its registered id and, for whatever refuses, all its aliases. */
  of(tool: ToolSpec): ToolPlan;
  readonly quick: QuickPrograms;
}

/** What is kept for names that no document knows; beyond it the memory starts anew: a flood of names costs time only. */
const MAXIMUM_NAMES = 4096;

/**
 * Finds rules by tool, once for each registration. Names that one entry of the `tools` block lists are names of one tool, for
 * every rule: the policy's author said so. Aliases that only the registry knows can refuse a call and never let one through.
 */
export function createToolIndex(layers: readonly [CompiledLayer, ...CompiledLayer[]]): ToolIndex {
  const known = new Map<string, ToolPlan>();
  const strangers = new Map<string, ToolPlan>();
  const bySpec = new WeakMap<ToolSpec, ToolPlan>();
  const quick = new QuickPrograms();
  const planned = (spec: ToolSpec): ToolPlan => {
    const met = known.get(spec.id) ?? strangers.get(spec.id);
    // Registrations that say no more than the name are all the same.
    if (met !== undefined && isBare(met.spec) && isBare(spec)) return met;
    const portions = portionsOf(layers, spec);
    const plan = new ToolPlan(spec, portions, quick.add(portions));
    const memory = layers.some(({ names }) => names.has(spec.id)) ? known : strangers;
    if (strangers.size >= MAXIMUM_NAMES) strangers.clear();
    memory.set(spec.id, plan);
    return plan;
  };
  const of = (spec: ToolSpec): ToolPlan => {
    const met = bySpec.get(spec);
    if (met?.name === spec.id) return met;
    const plan = planned(spec);
    bySpec.set(spec, plan);
    // Of what can still change, the name is looked at each time.
    if (Object.isFrozen(spec)) quick.note(slotOf(spec), plan.start);
    return plan;
  };
  return { of, quick };
}

function isBare({ aliases, counterparty }: ToolSpec): boolean {
  return aliases.length === 0 && counterparty === null;
}

type RegisteredPath = readonly string[] | "unreadable" | undefined;

function portionsOf(
  [broadest, ...narrower]: readonly [CompiledLayer, ...CompiledLayer[]],
  { aliases, counterparty, id }: ToolSpec,
): Portions {
  const registered = registeredPath(counterparty);
  const name = id.normalize("NFC");
  const others = aliases.map((alias) => alias.normalize("NFC"));
  const found: [Portion, ...Portion[]] = [portionOf(broadest, name, others, undefined)];
  for (const layer of narrower) found.push(portionOf(layer, name, others, found.at(-1)));
  // The registry's word is the last: a document that says where to look is believed before it.
  const complete = (portion: Portion): Portion =>
    portion.counterparty === undefined && registered !== undefined ? { ...portion, counterparty: registered } : portion;
  const [first, ...rest] = found;
  return [complete(first), ...rest.map(complete)];
}

/** `broader`: whose statements count where this document makes none. */
function portionOf(
  layer: CompiledLayer,
  name: string,
  aliases: readonly string[],
  broader: Portion | undefined,
): Portion {
  const tool = layer.entries.get(name);
  const names = tool?.names ?? [name];
  const every = [...names, ...aliases.flatMap((alias) => layer.entries.get(alias)?.names ?? [alias])];
  const denies = rulesFor(layer, every).filter(({ effect }) => effect === "deny");
  const others = rulesFor(layer, names).filter(({ effect }) => effect !== "deny");
  const entries = [...new Set(every.flatMap((each) => layer.entries.get(each) ?? []))];
  const guarding = entries.filter(({ guards }) => guards.length > 0);
  const rules = [...denies, ...others];
  const limits = layer.limits.filter(({ patterns }) =>
    patterns.some((pattern) => every.some((each) => meets(pattern, each))),
  );
  return {
    layer,
    denies,
    others,
    ordered: layer.combine === "first_match" ? rules.toSorted((a, b) => a.order - b.order) : undefined,
    program: writeProgram(rules, (answer) => answer),
    overridable: rules.some((rule) => rule.overridable),
    tool,
    otherwise: tool?.decision ?? layer.fallback,
    guarding,
    limits,
    isPlain: guarding.length === 0 && limits.length === 0,
    counterparty: tool?.counterparty ?? broader?.counterparty,
    money: tool?.money ?? broader?.money,
  };
}

/** The rules whose patterns meet one of the names, in file order: the cost is that of the names, not of the policy. */
function rulesFor(
  { shelves: { exact, below, any } }: CompiledLayer,
  names: readonly string[],
): readonly CompiledRule[] {
  const found = new Set(any);
  for (const name of names) {
    for (const rule of exact.get(name) ?? []) found.add(rule);
    for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
      // `http.*` meets deeper names only, and not `http.` itself.
      if (dot === name.length - 1) break;
      for (const rule of below.get(name.slice(0, dot + 1)) ?? []) found.add(rule);
    }
  }
  return [...found].sort((a, b) => a.order - b.order);
}

/** Rules by what their patterns name. */
export interface Shelves {
  readonly exact: ReadonlyMap<string, readonly CompiledRule[]>;
  /** By prefix with its dot. */
  readonly below: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly any: readonly CompiledRule[];
}

export function shelve(rules: readonly CompiledRule[]): Shelves {
  const exact = new Map<string, CompiledRule[]>();
  const below = new Map<string, CompiledRule[]>();
  const any: CompiledRule[] = [];
  for (const rule of rules) {
    for (const pattern of rule.patterns) {
      if (pattern.kind === "exact") put(exact, pattern.name, rule);
      else if (pattern.kind === "below") put(below, pattern.prefix, rule);
      else any.push(rule);
    }
  }
  return { exact, below, any };
}

function put(shelf: Map<string, CompiledRule[]>, key: string, rule: CompiledRule): void {
  const listed = shelf.get(key);
  if (listed === undefined) shelf.set(key, [rule]);
  else listed.push(rule);
}

/** A path that the registry states but nobody can follow is not the same as none: nothing else is believed then. */
function registeredPath(path: string | null): RegisteredPath {
  return path === null ? undefined : (parseInputPath(path) ?? "unreadable");
}
