import type { Effect } from "../../core/model/effect.ts";
import type { Json } from "../../core/model/json.ts";
import type { Draw } from "./draw.ts";
import { compute, condition, SAMPLES } from "./generate-conditions.ts";
import type {
  Call,
  Constraints,
  Document,
  Entry,
  Limit,
  LimitPart,
  Obligation,
  Requirements,
  Rule,
} from "./language.ts";
import { counterKey, enforced, viewsOf } from "./oracle.ts";

const NAMES = ["pay", "pay.card", "pay.card.new", "ship", "constructor"];
const ALIASES = ["pay_now", "send", "pay.alias"];
const PATTERNS = [
  "*",
  "*",
  "*",
  "pay",
  "pay.*",
  "pay.*",
  "pay.card",
  "pay.card.*",
  "ship",
  "ship.*",
  "constructor",
  "pay_now",
  "other.*",
];
const DOMAINS = ["*.a.com", "x.a.com", "a.com", "*.b.org", "b.org"];
const HOSTS = ["x.a.com", "y.a.com", "X.A.com.", "a.com", "b.org", "z.b.org", "evil.net", "not a host"];
const CURRENCIES = ["USD", "EUR"];
const OBLIGATIONS: readonly Obligation[] = [
  { type: "notify", at: "before" },
  { type: "mark", at: "after" },
  { type: "redact", at: "before" },
];

const obligations = (random: Draw, share: number): { readonly obligations?: readonly Obligation[] } =>
  random.maybe(share, () => ({ obligations: [random.pick(OBLIGATIONS)] }));

function constraints(random: Draw): Constraints {
  return random.pick<Constraints>([
    { amount_max: 2 },
    { amount_min: 1 },
    { amount_min: 1, amount_max: 3 },
    { currency: ["USD"] },
    { allowed_domains: ["*.a.com", "b.org"] },
    { blocked_domains: [random.pick(DOMAINS)] },
    { amount_max: 3, currency: CURRENCIES, blocked_domains: ["evil.net"] },
  ]);
}

function requirements(random: Draw): Requirements {
  return random.pick<Requirements>([
    { min_assurance_level: "LOW" },
    { min_assurance_level: "HIGH" },
    { min_assurance_level: "SUBSTANTIAL" },
    { credential_scheme: "webauthn" },
  ]);
}

const EFFECTS = ["allow", "allow", "allow", "approve", "approve", "step_up", "step_up", "deny", "compute"];
const WORDS: Readonly<Record<string, readonly string[]>> = {
  approve: ["approve", "escalate", "require_approval"],
  step_up: ["step_up", "require_step_up"],
  compute: ["compute", "modify", "transform"],
};

function rule(random: Draw, id: string, isBroad: boolean, isLast: boolean): Rule {
  const effect = random.pick(EFFECTS);
  const permits = effect !== "deny";
  return {
    id,
    action: random.chance(0.8) ? random.pick(PATTERNS) : [...new Set([random.pick(PATTERNS), random.pick(PATTERNS)])],
    // A rule that hides another for good would not load.
    ...random.maybe(permits && isLast ? 0.5 : 1, () => ({ when: condition(random) })),
    effect: random.pick(WORDS[effect] ?? [effect]),
    ...random.maybe(0.08, () => ({ mode: "observe" as const })),
    ...random.maybe(effect !== "allow" && effect !== "compute" ? (isBroad ? 0.3 : 0.1) : 0, () => ({
      overridable: true as const,
    })),
    ...random.maybe(effect === "compute" ? 1 : permits ? 0.1 : 0, () => ({ compute: compute(random, NAMES) })),
    ...random.maybe(0.12, () => ({ constraints: constraints(random) })),
    ...random.maybe(permits ? 0.08 : 0, () => ({ requirements: requirements(random) })),
    ...obligations(random, permits ? 0.15 : 0),
    ...random.maybe(permits ? 0.05 : 0, () => ({ proof: { ttl: 60 + random.integer(60) } })),
  };
}

function entry(random: Draw, alias: string | undefined): Entry {
  const decision = random.pick<Effect>(["allow", "allow", "approve", "step_up", "deny"]);
  const decides = random.chance(0.5) ? { decision, ...obligations(random, decision === "deny" ? 0 : 0.2) } : {};
  return {
    ...(alias === undefined ? {} : { aliases: [alias] }),
    ...random.maybe(0.5, () => ({ counterparty: random.pick(["input.to", "input.to", "input.m.t"]) })),
    ...random.maybe(0.6, () => ({
      money: {
        amount: "input.amount",
        currency: "input.currency",
        currencies: random.pick([["USD"], CURRENCIES, CURRENCIES]),
        ...random.maybe(0.3, () => ({ max: random.integer(4) })),
      },
      ...random.maybe(0.6, () => ({ otherwise: random.pick(["approve", "step_up", "deny"] as const) })),
    })),
    ...decides,
  };
}

/** Tools with names of their own: no name stands under two entries. */
function tools(random: Draw): Readonly<Record<string, Entry>> {
  const free = [...ALIASES, "ship.alias"];
  const alias = (): string | undefined =>
    free.length > 0 && random.chance(0.3) ? free.splice(random.integer(free.length), 1)[0] : undefined;
  return Object.fromEntries(NAMES.filter(() => random.chance(0.4)).map((name) => [name, entry(random, alias())]));
}

const PARTS: readonly LimitPart[] = [
  "agent",
  "subject",
  "session",
  "tool",
  "counterparty",
  { path: "input.kind", values: ["x", "y"] },
];

function limit(random: Draw, id: string): Limit {
  const per = new Set(random.several(0, 2, () => random.pick(PARTS)));
  const [sum] = random.several(0, 1, () => random.pick(["money.amount", "input.amount", "input.n"]));
  return {
    id,
    action: random.pick(PATTERNS),
    ...(sum === undefined ? {} : { sum }),
    per: sum === "money.amount" ? [...per, "money.currency"] : [...per],
    window: random.pick(["1h", "24h"]),
    ...random.maybe(0.3, () => ({ fixed: random.chance(0.5) })),
    max: random.integer(12),
    ...random.maybe(0.7, () => ({ over: random.pick(["approve", "approve", "step_up", "deny"] as const) })),
  };
}

function layer(random: Draw, index: number, of: number): Document {
  const isBroad = index < of - 1;
  const fallback = random.pick(isBroad ? FALLBACKS.broad : FALLBACKS.narrow);
  const count = isBroad ? random.integer(5) : 1 + random.integer(7);
  const rules = Array.from({ length: count }, (_, place) =>
    rule(random, `r${index}${place}`, isBroad, place === count - 1),
  );
  return {
    // Saying nothing is to deny.
    ...random.maybe(fallback === "deny" ? 0.5 : 1, () => ({ default: fallback })),
    ...random.maybe(0.1, () => ({ mode: "observe" as const })),
    ...random.maybe(0.5, () => ({
      counterparties: [
        { match: "*.a.com", trust: "HIGH" },
        { match: random.pick(["x.a.com", "b.org"]), trust: random.pick(["LOW", "MEDIUM"]) },
      ],
    })),
    ...random.maybe(0.8, () => ({ tools: tools(random) })),
    rules,
    ...random.maybe(0.15, () => ({ limits: random.several(1, 2, (place) => limit(random, `limit${index}${place}`)) })),
  };
}

type Fallback = NonNullable<Document["default"]>;
const FALLBACKS: { readonly broad: readonly Fallback[]; readonly narrow: readonly Fallback[] } = {
  broad: ["passthrough", "passthrough", "passthrough", "passthrough", "passthrough", "allow", "approve", "deny"],
  narrow: ["allow", "allow", "allow", "approve", "passthrough", "deny", "deny"],
};

/** One to three layers, broadest first. */
export function layers(random: Draw): readonly Document[] {
  const count = random.pick([1, 1, 2, 2, 3]);
  return Array.from({ length: count }, (_, index) => layer(random, index, count));
}

/** A member as it should be, and now and then missing or of another kind. */
function member(random: Draw, name: string, usual: () => Json): Readonly<Record<string, Json>> {
  return random.weighted<Readonly<Record<string, Json>>>(
    [80, () => ({ [name]: usual() })],
    [12, () => ({})],
    [8, () => ({ [name]: random.pick(SAMPLES) })],
  );
}

function input(random: Draw): Json {
  if (random.chance(0.01)) return random.pick<Json>([[], [1], { input: "text" }]);
  return {
    ...member(random, "n", () => random.integer(4)),
    ...member(random, "s", () => random.pick(["abc", "ab", "1", "x.a.com"])),
    ...member(random, "f", () => random.chance(0.5)),
    ...member(random, "l", () => [random.integer(3), random.pick(["x", "abc"])]),
    ...member(random, "m", () => ({
      ...member(random, "k", () => random.integer(4)),
      ...member(random, "t", () => random.pick(HOSTS)),
    })),
    ...member(random, "to", () => random.pick(HOSTS)),
    ...member(random, "amount", () => random.integer(4)),
    ...member(random, "currency", () => random.pick(CURRENCIES)),
    ...member(random, "kind", () => random.pick(["x", "y"])),
  };
}

/** A call, and what the counters of the limits stand at for it. */
export function call(random: Draw, documents: readonly Document[]): Call {
  const drawn: Call = {
    tool: random.weighted([9, () => random.pick(NAMES)], [1, () => random.pick([...ALIASES, "unheard"])]),
    ...random.maybe(0.15, () => ({ aliases: [random.pick(ALIASES)] })),
    ...random.maybe(0.2, () => ({ registered: random.pick(["input.to", "input.s"]) })),
    ...random.maybe(0.3, () => ({ sideEffect: random.pick(["none", "read", "unknown"] as const) })),
    ...random.maybe(0.3, () => ({ idempotent: true })),
    input: input(random),
    ...random.maybe(0.2, () => ({ agent: "abc" })),
    ...random.maybe(0.8, () => ({ session: random.pick(["s1", "abc"]) })),
    ...random.maybe(0.7, () => ({ counterparty: random.pick(HOSTS) })),
  };
  if (documents.every(({ limits = [] }) => limits.length === 0)) return drawn;
  const counters = [documents, enforced(documents)].flatMap((layered) =>
    viewsOf(layered, drawn).flatMap((view, index) =>
      (layered[index]?.limits ?? []).flatMap((each): readonly (readonly [string, Json])[] => {
        const key = counterKey(each, view);
        return key === undefined || random.chance(0.02) ? [] : [[key, random.chance(0.02) ? "1" : random.integer(10)]];
      }),
    ),
  );
  return { ...drawn, probes: Object.fromEntries(counters) };
}
