import { type Effect, EFFECTS } from "../../core/model/effect.ts";
import type { Json } from "../../core/model/json.ts";
import type { Answer, Call, Compute, Document, Entry, Limit, Money, Rule } from "./language.ts";
import { USUAL } from "./language.ts";
import { compute, every, find, not, same, truth, type Truth, type View } from "./oracle-conditions.ts";

/** One thing that a layer says of a call. */
interface Said {
  readonly effect: Effect;
  readonly rule: string | null;
  readonly reasonCode: string;
  readonly obligations?: readonly string[];
  readonly compute?: Compute | undefined;
}

/** What a layer says, alone and where a narrower one speaks too; of equally strict things the earlier one counts. */
interface Word {
  readonly alone: readonly Said[];
  readonly over: readonly Said[];
  readonly speaks: boolean;
}

const strictest = (said: readonly Said[]): Said | undefined =>
  [...said].sort((a, b) => EFFECTS.indexOf(b.effect) - EFFECTS.indexOf(a.effect))[0];
const types = (obligations: Entry["obligations"] = []): readonly string[] => obligations.map(({ type }) => type);

const meets = (action: string | readonly string[], names: readonly string[]): boolean =>
  [action].flat().some((pattern) =>
    names.some((name) => {
      if (pattern === "*" || pattern === name) return true;
      return pattern.endsWith(".*") && name.startsWith(pattern.slice(0, -1)) && name.length >= pattern.length;
    }),
  );

interface Listed extends Entry {
  readonly name: string;
  readonly names: readonly string[];
}
const entryOf = (layer: Document, called: string): Listed | undefined =>
  Object.entries(layer.tools ?? {})
    .map(([name, entry]) => ({ ...entry, name, names: [name, ...(entry.aliases ?? [])] }))
    .find(({ names }) => names.includes(called));
const family = (layer: Document, called: string): readonly string[] => entryOf(layer, called)?.names ?? [called];
/** All that a call may be known as: for whatever can only refuse it. */
const known = (layer: Document, { tool, aliases = [] }: Call): readonly string[] =>
  [tool, ...aliases].flatMap((name) => family(layer, name));

function effectOf({ effect, requirements = {} }: Rule): Effect {
  const asks = /^(?:escalate|require_approval)$/u.test(effect) ? "approve" : effect.replace("require_", "");
  const stated = /^(?:compute|modify|transform)$/u.test(effect) ? "allow" : (asks as Effect);
  const raised = ["SUBSTANTIAL", "HIGH"].includes(requirements.min_assurance_level ?? "");
  return stated !== "deny" && (raised || requirements.credential_scheme !== undefined) ? "step_up" : stated;
}

/** A host in the one form that hosts are compared in. A small number alone is the short form of an address. */
const host = (text: string): string | undefined => {
  const lower = text.toLowerCase().replace(/\.$/u, "");
  if (/^\d\d?$/u.test(lower)) return `0.0.0.${Number(lower)}`;
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/u.test(lower) ? lower : undefined;
};
const domain = (pattern: string, id: string): boolean =>
  pattern.startsWith("*.") ? id.endsWith(pattern.slice(1)) : pattern === id;

function holds({ when, constraints = {} }: Rule, view: View): Truth {
  const { amount_min, amount_max, currency, allowed_domains, blocked_domains } = constraints;
  const id = find(view, "counterparty.id");
  const meetsOne = (domains: readonly string[]): Truth =>
    typeof id === "string" && host(id) !== undefined ? domains.some((pattern) => domain(pattern, id)) : undefined;
  return every([
    truth(when, view),
    amount_min === undefined || truth({ path: "money.amount", gte: amount_min }, view),
    amount_max === undefined || truth({ path: "money.amount", lte: amount_max }, view),
    currency === undefined || truth({ path: "money.currency", in: currency }, view),
    allowed_domains === undefined || meetsOne(allowed_domains),
    blocked_domains === undefined || not(meetsOne(blocked_domains)),
  ]);
}

function ask(layer: Document, call: Call, view: View): Word {
  const [own, all] = [family(layer, call.tool), known(layer, call)];
  const judged = (layer.rules ?? [])
    .map((rule) => ({ rule, effect: effectOf(rule), held: holds(rule, view) }))
    .filter(({ rule, effect, held }) => held !== false && meets(rule.action, effect === "deny" ? all : own));
  const say = ({ rule, effect, held }: (typeof judged)[number]): Said => ({
    effect,
    rule: rule.id,
    reasonCode: held === true ? "rule" : "rule_unknown",
    obligations: types(rule.obligations),
    compute: held === true ? rule.compute : undefined,
  });
  const denies = judged.filter(({ effect }) => effect === "deny");
  const firmDeny = denies.find(({ rule, held }) => rule.overridable !== true || held === undefined);
  if (firmDeny !== undefined) return { alone: [say(firmDeny)], over: [say(firmDeny)], speaks: true };

  const others = judged.filter(({ effect }) => effect !== "deny");
  const keptBefore = (found: (typeof judged)[number] | undefined): readonly Said[] => {
    const before = found === undefined ? others : others.slice(0, others.indexOf(found));
    return before.filter(({ effect, held }) => held === undefined && effect !== "allow").map(say);
  };
  const found = others.find(({ held }) => held === true);
  const lifted = denies[0] ?? (found?.rule.overridable === true ? found : undefined);
  if (lifted !== undefined) {
    const firm = others.find(({ rule, held }) => held === true && rule.overridable !== true);
    const over = [...keptBefore(firm), ...(firm === undefined ? [] : [say(firm)])];
    return { alone: [say(lifted), ...over], over, speaks: true };
  }
  const last = found === undefined ? unruled(layer, call) : [say(found)];
  const said = [...keptBefore(found), ...last];
  return { alone: said, over: said, speaks: last.some(({ reasonCode }) => reasonCode !== "default") };
}

/** What a layer says where no rule of it does. */
function unruled(layer: Document, call: Call): readonly Said[] {
  const { decision, name, obligations } = entryOf(layer, call.tool) ?? {};
  if (decision !== undefined) {
    return [{ effect: decision, rule: `tools.${name}`, reasonCode: "tool_default", obligations: types(obligations) }];
  }
  const { default: effect = "deny" } = layer;
  return effect === "passthrough" ? [] : [{ effect, rule: "default", reasonCode: "default" }];
}

/** The call as each layer sees it: where nothing is said of something, what the next broader layer says counts. */
export function viewsOf(layers: readonly Document[], call: Call): readonly View[] {
  const { tool: name, input, agent, subject, session, sideEffect: side_effect, idempotent } = { ...USUAL, ...call };
  const at = (path: string): Json | undefined => find({ input }, path);
  return layers.map((_, index) => {
    const upward = layers.slice(0, index + 1).toReversed();
    const entries = upward.flatMap((layer) => entryOf(layer, name) ?? []);
    const path = entries.find(({ counterparty }) => counterparty !== undefined)?.counterparty ?? call.registered;
    const id = path === undefined ? call.counterparty : at(path);
    const named = typeof id === "string" && id !== "" ? (host(id) ?? id) : undefined;
    const table = upward.find(({ counterparties }) => counterparties !== undefined)?.counterparties ?? [];
    const [row] = table
      .filter(({ match }) => domain(match, named ?? ""))
      .sort((a, b) => Number(a.match < "a") - Number(b.match < "a") || b.match.length - a.match.length);
    const money = entries.find((entry) => entry.money !== undefined)?.money;
    const spent = money &&
      spend(money, call) === "within" && { amount: at(money.amount) ?? null, currency: at(money.currency) ?? null };
    const counterparty = named !== undefined && { id: named, trust: row?.trust ?? "NONE" };
    const tool = { name, origin: "host", side_effect, idempotent };
    const all = { input, agent, subject, session, tool, counterparty, money: spent };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== false));
  });
}

const isCount = (value: Json | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** What the guard of money says, the one guard that is compared here. */
function spend({ amount, currency, currencies, max }: Money, { input }: Call): "within" | "outside" | "forbidden" {
  const [spent, unit] = [find({ input }, amount), find({ input }, currency)];
  if (!isCount(spent) || typeof unit !== "string" || !/^[A-Z]{3}$/u.test(unit)) return "forbidden";
  return currencies.includes(unit) && spent <= (max ?? spent) ? "within" : "outside";
}

/** What a limit counts for this call, as the key of its probe; undefined where a part cannot be read. */
export function counterKey({ id, per = [] }: Limit, view: View): string | undefined {
  const parts = per.map((part) => {
    if (typeof part !== "string") return part.values.find((listed) => listed === find(view, part.path));
    return find(view, part.replace(/^tool$/u, "tool.name").replace(/^counterparty$/u, "counterparty.id"));
  });
  return parts.every((part) => typeof part === "string") ? `counter:${JSON.stringify([id, ...parts])}` : undefined;
}

/** What the guards and limits of a layer have against a call. */
function against(layer: Document, call: Call, view: View): readonly Said[] {
  const guarding = new Set(known(layer, call).map((name) => entryOf(layer, name)?.name));
  const guards = [...guarding].flatMap((name = "") => {
    const { money, otherwise = "deny" } = entryOf(layer, name) ?? {};
    const found = money === undefined ? "within" : spend(money, call);
    if (found === "within") return [];
    return [{ effect: found === "outside" ? otherwise : "deny", rule: `tools.${name}`, reasonCode: "guard" }];
  });
  const limits = (layer.limits ?? []).flatMap((limit): readonly Said[] => {
    if (!meets(limit.action, known(layer, call))) return [];
    const amount = limit.sum === undefined ? 1 : find(view, limit.sum);
    const key = counterKey(limit, view);
    const used = call.probes?.[key ?? ""];
    const rule = `limits.${limit.id}`;
    if (!isCount(amount) || key === undefined) return [{ effect: "deny", rule, reasonCode: "limit" }];
    if (!isCount(used)) return [{ effect: "deny", rule, reasonCode: "limit_unknown" }];
    return used + amount <= limit.max ? [] : [{ effect: limit.over ?? "deny", rule, reasonCode: "limit" }];
  });
  return [...guards, ...limits];
}

type Decided = Omit<Answer, "shadow">;

function decide(layers: readonly Document[], call: Call): Decided {
  const views = viewsOf(layers, call);
  const words = layers.map((layer, index) => ask(layer, call, views[index] ?? {}));
  const isOver = (index: number): boolean => words.slice(index + 1).some(({ speaks }) => speaks);
  const counting = words.map(({ alone, over }, index) => (isOver(index) ? over : alone));
  const counterparty = (views.at(-1)?.["counterparty"] ?? null) as Answer["counterparty"];
  const duties = [...new Set(counting.flat().flatMap(({ obligations = [] }) => obligations))];
  const answer = ({ effect, rule, reasonCode }: Said, transform: Answer["transform"] = null): Decided => {
    return { effect, rule, reasonCode, transform, obligations: effect === "deny" ? [] : duties, counterparty };
  };
  // An ask that could not be decided raises what others say, and is no answer itself.
  const isAnswer = ({ effect, reasonCode }: Said): boolean => effect === "deny" || reasonCode !== "rule_unknown";
  const unanswered: Said = { effect: "deny", rule: null, reasonCode: "default" };
  const said = (counting.flat().some(isAnswer) ? strictest(counting.flat()) : undefined) ?? unanswered;
  if (said.effect === "deny") return answer(said);
  const forms = counting.flatMap((list, index) => list.flatMap(({ compute: form }) => (form ? [{ form, index }] : [])));
  for (const { form, index } of forms) {
    const input = compute(form, views[index] ?? {});
    if (input === undefined) return answer({ effect: "deny", rule: null, reasonCode: "compute_unknown" });
    const tool = form.tool ?? call.tool;
    if (tool !== call.tool || !same(input, call.input)) return answer(said, { tool, input });
  }
  const raising = layers.flatMap((layer, index) => against(layer, call, views[index] ?? {}));
  const raise = (before: Said, one: Said): Said => ({ ...one, effect: strictest([before, one])?.effect ?? "deny" });
  return answer(raising.find(({ effect }) => effect === "deny") ?? raising.reduce(raise, said));
}

/** The layers and rules that are obeyed; where every layer is only observed, all are: the whole policy is observed then. */
export function enforced(layers: readonly Document[]): readonly Document[] {
  const isObeyed = ({ mode }: Pick<Rule, "mode">): boolean => mode !== "observe";
  if (!layers.some(isObeyed)) return layers;
  return layers.filter(isObeyed).map((layer) => ({ ...layer, rules: (layer.rules ?? []).filter(isObeyed) }));
}

/**
 * The language once more, as slowly and plainly as possible and without a line of the real thing: every rule of every layer is
 * looked at for every call, conditions are walked as trees.
 * @param layers broadest first
 */
export function oracle(layers: readonly Document[], call: Call): Answer {
  const answer = decide(enforced(layers), call);
  if (!JSON.stringify(layers).includes('"observe"')) return { ...answer, shadow: null };
  const { effect, rule } = decide(layers, call);
  return { ...answer, shadow: effect === answer.effect && rule === answer.rule ? null : { effect, rule } };
}
