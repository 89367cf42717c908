import type { Answer, Call, Compute, Constraints, Document, Entry, Limit, Rule, Tree } from "./language.ts";

/** A case by hand: what the policy language says of one call. */
export interface Case {
  readonly name: string;
  /** Broadest first. */
  readonly layers: readonly Document[];
  readonly call?: Partial<Call>;
  /** Effect, rule and reason code. */
  readonly expect: string;
  /** Further parts of the answer that the case is about. */
  readonly more?: Partial<Answer>;
}

/** `input.a` is missing wherever these are used, unless the case says otherwise. */
const unknown: Tree = { path: "input.a", eq: 1 };

const rule = (id: string, effect: string, more: Partial<Rule> = {}): Rule => ({ id, action: "pay", effect, ...more });
const allow = (id: string, more: Partial<Rule> = {}): Rule => rule(id, "allow", more);
const approve = (id: string, more: Partial<Rule> = {}): Rule => rule(id, "approve", more);
const stepUp = (id: string, more: Partial<Rule> = {}): Rule => rule(id, "step_up", more);
const deny = (id: string, more: Partial<Rule> = {}): Rule => rule(id, "deny", more);
const rules = (...list: readonly Rule[]): Document => ({ default: "passthrough", rules: list });
const lifted = { overridable: true } as const;

const order: readonly Case[] = [
  { name: "an empty document denies", layers: [{}], expect: "deny default default" },
  { name: "passthrough alone denies", layers: [{ default: "passthrough" }], expect: "deny null default" },
  { name: "the default allows", layers: [{ default: "allow" }], expect: "allow default default" },
  {
    name: "a tool's decision comes before the default",
    layers: [{ default: "allow", tools: { pay: { decision: "approve" } } }],
    expect: "approve tools.pay tool_default",
  },
  {
    name: "a rule comes before a tool's decision, also a laxer one",
    layers: [{ tools: { pay: { decision: "deny" } }, rules: [allow("a")] }],
    expect: "allow a rule",
  },
  {
    name: "the first true rule is found",
    layers: [rules(approve("a", { when: true }), allow("b"))],
    expect: "approve a rule",
  },
  {
    name: "false rules are passed over",
    layers: [rules(approve("a", { when: false }), allow("b", { when: true }), stepUp("c"))],
    expect: "allow b rule",
  },
  {
    name: "a deny comes first wherever it stands",
    layers: [rules(allow("a"), deny("b", { when: true }))],
    expect: "deny b rule",
  },
  { name: "a false deny is none", layers: [rules(deny("a", { when: false }), allow("b"))], expect: "allow b rule" },
  {
    name: "an unknown deny denies",
    layers: [rules(allow("a"), deny("b", { when: unknown }))],
    expect: "deny b rule_unknown",
  },
  {
    name: "the first deny of several is named",
    layers: [rules(deny("a", { when: unknown }), deny("b", { when: true }), allow("c"))],
    expect: "deny a rule_unknown",
  },
  {
    name: "an unknown allow allows nothing",
    layers: [rules(allow("a", { when: unknown }))],
    expect: "deny null default",
  },
  {
    name: "an unknown allow does not hide a later rule",
    layers: [rules(allow("a", { when: unknown }), approve("b"))],
    expect: "approve b rule",
  },
  {
    name: "an unknown ask raises what is found",
    layers: [rules(approve("a", { when: unknown }), allow("b"))],
    expect: "approve a rule_unknown",
  },
  {
    name: "an unknown ask never lowers what is found",
    layers: [rules(approve("a", { when: unknown }), stepUp("b"))],
    expect: "step_up b rule",
  },
  {
    name: "the strictest of unknown asks counts",
    layers: [rules(approve("a", { when: unknown }), stepUp("b", { when: unknown }), allow("c"))],
    expect: "step_up b rule_unknown",
  },
  {
    name: "what stands behind the found rule does not count",
    layers: [rules(allow("a", { when: true }), stepUp("b", { when: unknown }))],
    expect: "allow a rule",
  },
  {
    name: "an unknown ask raises the tool's decision",
    layers: [{ tools: { pay: { decision: "allow" } }, rules: [approve("a", { when: unknown })] }],
    expect: "approve a rule_unknown",
  },
  {
    name: "an unknown ask beside a passthrough is no answer",
    layers: [rules(approve("a", { when: unknown }))],
    expect: "deny null default",
  },
  {
    name: "an unknown ask does not lower a default that denies",
    layers: [{ rules: [approve("a", { when: unknown })] }],
    expect: "deny default default",
  },
  {
    name: "of equally strict the earlier counts",
    layers: [rules(approve("a", { when: unknown }), approve("b"))],
    expect: "approve a rule_unknown",
  },
  { name: "escalate asks", layers: [rules(rule("a", "escalate"))], expect: "approve a rule" },
  { name: "require_approval asks", layers: [rules(rule("a", "require_approval"))], expect: "approve a rule" },
  { name: "require_step_up steps up", layers: [rules(rule("a", "require_step_up"))], expect: "step_up a rule" },
];

const names: readonly Case[] = [
  {
    name: "a pattern meets names below",
    layers: [rules(allow("a", { action: "pay.*" }))],
    call: { tool: "pay.card" },
    expect: "allow a rule",
  },
  {
    name: "a pattern does not meet its own prefix",
    layers: [rules(allow("a", { action: "pay.*" }))],
    expect: "deny null default",
  },
  {
    name: "a pattern does not meet its prefix with nothing behind it",
    layers: [rules(allow("a", { action: "pay.*" }))],
    call: { tool: "pay." },
    expect: "deny null default",
  },
  {
    name: "a pattern does not meet a longer word",
    layers: [rules(allow("a", { action: "pay.*" }))],
    call: { tool: "payment.x" },
    expect: "deny null default",
  },
  {
    name: "one of several patterns is enough",
    layers: [rules(allow("a", { action: ["ship", "*"] }))],
    expect: "allow a rule",
  },
  {
    name: "a deny meets an alias of the registry",
    layers: [rules(allow("a", { action: "*" }), deny("b", { action: "pay_now", when: true }))],
    call: { aliases: ["pay_now"] },
    expect: "deny b rule",
  },
  {
    name: "an allow does not meet an alias of the registry",
    layers: [rules(allow("a", { action: "pay_now" }))],
    call: { aliases: ["pay_now"] },
    expect: "deny null default",
  },
  {
    name: "an allow meets an alias of the document",
    layers: [{ tools: { pay: { aliases: ["pay_now"] } }, rules: [allow("a", { action: "pay_now" })] }],
    expect: "allow a rule",
  },
  {
    name: "an entry decides under its alias",
    layers: [{ tools: { pay: { aliases: ["pay_now"], decision: "allow" } } }],
    call: { tool: "pay_now" },
    expect: "allow tools.pay tool_default",
  },
  {
    name: "a deny meets the other names of an alias of the registry",
    layers: [{ default: "allow", tools: { pay: { aliases: ["pay_now"] } }, rules: [deny("a")] }],
    call: { tool: "send", aliases: ["pay_now"] },
    expect: "deny a rule",
  },
  {
    name: "names of objects are just names",
    layers: [rules(allow("a"))],
    call: { tool: "constructor" },
    expect: "deny null default",
  },
];

const inCel = (name: string, tree: Tree, input: Call["input"], expect: string): Case => ({
  name: `${name}: ${JSON.stringify(tree)} over ${JSON.stringify(input)}`,
  layers: [
    {
      default: "allow",
      rules: [allow("yes", { when: { cel: tree } }), approve("no", { when: { cel: { not: tree } } })],
    },
  ],
  call: { input },
  expect,
});

const when = (tree: Tree): readonly Document[] => [
  { default: "allow", rules: [allow("yes", { when: tree }), approve("no", { when: { not: tree } })] },
];
const YES = "allow yes rule";
const NO = "approve no rule";
/** Neither the condition nor its opposite holds: the ask counts all the same. */
const UNKNOWN = "approve no rule_unknown";

const asked = (name: string, tree: Tree, input: Call["input"], expect: string, call: Partial<Call> = {}): Case => ({
  name: `${name}: ${JSON.stringify(tree)} over ${JSON.stringify(input)}`,
  layers: when(tree),
  call: { input, ...call },
  expect,
});

const conditions: readonly Case[] = [
  asked("equal", { path: "input.a", eq: 1 }, { a: 1 }, YES),
  asked("a text is no number", { path: "input.a", eq: 1 }, { a: "1" }, NO),
  asked("a number is no text", { path: "input.a", neq: "1" }, { a: 1 }, YES),
  asked("a member that is null is there", { path: "input.a", eq: 1 }, { a: null }, NO),
  asked("a missing member is unknown", { path: "input.a", neq: 1 }, {}, UNKNOWN),
  asked("a missing member is unknown", { path: "input.a", nin: [1, 2] }, {}, UNKNOWN),
  asked(
    "maps are compared deeply",
    { path: "input.a", eq: { x: [1, "y"], z: null } },
    { a: { z: null, x: [1, "y"] } },
    YES,
  ),
  asked("lists are compared deeply", { path: "input.a", eq: [1, 2] }, { a: [1, "2"] }, NO),
  asked("in", { path: "input.a", in: ["x", 1] }, { a: 1 }, YES),
  asked("in does not convert", { path: "input.a", in: ["1"] }, { a: 1 }, NO),
  asked("not in", { path: "input.a", nin: ["x"] }, { a: "y" }, YES),
  asked("less", { path: "input.a", lt: 5 }, { a: 4.5 }, YES),
  asked("the bound is not less", { path: "input.a", lt: 5 }, { a: 5 }, NO),
  asked("the bound is at least", { path: "input.a", gte: 5 }, { a: 5 }, YES),
  asked("a text is not less", { path: "input.a", lt: 5 }, { a: "4" }, UNKNOWN),
  asked("null is not less", { path: "input.a", lte: 5 }, { a: null }, UNKNOWN),
  asked("true is not more", { path: "input.a", gt: 0 }, { a: true }, UNKNOWN),
  asked("a pattern is searched", { path: "input.a", matches: "b+" }, { a: "abbc" }, YES),
  asked("a number matches nothing", { path: "input.a", matches: "1" }, { a: 1 }, UNKNOWN),
  asked("starts", { path: "input.a", starts_with: "ab" }, { a: "abc" }, YES),
  asked("ends", { path: "input.a", ends_with: "ab" }, { a: "abc" }, NO),
  asked("a list does not start", { path: "input.a", starts_with: "ab" }, { a: ["abc"] }, UNKNOWN),
  asked("text in text", { path: "input.a", contains: "b" }, { a: "abc" }, YES),
  asked("element in list", { path: "input.a", contains: 2 }, { a: [1, 2] }, YES),
  asked("element in list without conversion", { path: "input.a", contains: "2" }, { a: [1, 2] }, NO),
  asked("a map contains nothing", { path: "input.a", contains: "b" }, { a: { b: 1 } }, UNKNOWN),
  asked("exists", { path: "input.a", exists: true }, { a: null }, YES),
  asked("does not exist", { path: "input.a", exists: true }, {}, NO),
  asked("is absent", { path: "input.a.b", exists: false }, { a: 1 }, YES),
  asked("deep paths", { path: "input.a.b", eq: 1 }, { a: { b: 1 } }, YES),
  asked("a path through a list is missing", { path: "input.a.b", eq: 1 }, { a: [{ b: 1 }] }, UNKNOWN),
  asked("inherited members are missing", { path: "input.constructor", neq: 1 }, {}, UNKNOWN),
  asked(
    "false wins an all",
    {
      all: [
        { path: "input.a", eq: 1 },
        { path: "input.b", eq: 1 },
      ],
    },
    { b: 2 },
    NO,
  ),
  asked(
    "unknown beside true",
    {
      all: [
        { path: "input.a", eq: 1 },
        { path: "input.b", eq: 1 },
      ],
    },
    { b: 1 },
    UNKNOWN,
  ),
  asked(
    "true wins an any",
    {
      any: [
        { path: "input.a", eq: 1 },
        { path: "input.b", eq: 1 },
      ],
    },
    { b: 1 },
    YES,
  ),
  asked(
    "unknown beside false",
    {
      any: [
        { path: "input.a", eq: 1 },
        { path: "input.b", eq: 1 },
      ],
    },
    { b: 2 },
    UNKNOWN,
  ),
  asked("not unknown is unknown", { not: { not: { path: "input.a", eq: 1 } } }, {}, UNKNOWN),
  asked("agent", { path: "agent", eq: "shopper" }, {}, YES),
  asked("subject", { path: "subject", in: ["bob"] }, {}, NO),
  asked("no session", { path: "session", neq: "s" }, {}, UNKNOWN),
  asked("a session", { path: "session", eq: "s" }, {}, YES, { session: "s" }),
  asked("side effect", { path: "tool.side_effect", eq: "read" }, {}, YES, { sideEffect: "read" }),
  asked("idempotent", { path: "tool.idempotent", eq: true }, {}, NO),
  asked("no counterparty", { path: "counterparty.trust", neq: "HIGH" }, {}, UNKNOWN),
  asked("no money", { path: "money.amount", lt: 5 }, { amount: 1 }, UNKNOWN),
];

const choice: Tree = {
  if: [
    { path: "input.a", eq: 1 },
    { path: "input.b", eq: 1 },
    { path: "input.c", eq: 1 },
  ],
};
const onlyInCel: readonly Case[] = [
  inCel("chosen", choice, { a: 1, b: 1 }, YES),
  inCel("not chosen", choice, { a: 2, b: 1, c: 2 }, NO),
  inCel("who chooses is unknown", choice, { b: 1, c: 1 }, UNKNOWN),
  inCel("what is chosen is unknown", choice, { a: 2, b: 1 }, UNKNOWN),
  inCel("has", { has: "input.a" }, { a: null }, YES),
  inCel("has not", { has: "input.a.b" }, { a: { c: 1 } }, NO),
  inCel("has not where nothing can be had", { has: "input.a.b" }, { a: [1] }, UNKNOWN),
  inCel("has not where nothing is", { has: "input.a.b" }, {}, UNKNOWN),
  inCel("has in a list", { has: "input.a" }, ["a"], UNKNOWN),
];

const trusted = {
  counterparties: [
    { match: "*.a.com", trust: "HIGH" },
    { match: "evil.a.com", trust: "LOW" },
  ],
  tools: { pay: { counterparty: "input.to" } },
};
const money: Document = {
  default: "allow",
  tools: {
    pay: {
      counterparty: "input.to",
      money: { amount: "input.amount", currency: "input.currency", currencies: ["USD", "EUR"] },
    },
  },
};
const constrained = (name: string, constraints: Constraints, input: Call["input"], expect: string): Case => ({
  name: `${name}: ${JSON.stringify(constraints)} over ${JSON.stringify(input)}`,
  layers: [
    {
      ...money,
      default: "passthrough",
      rules: [allow("yes", { constraints }), deny("no", { when: false }), approve("else")],
    },
  ],
  call: { input },
  expect,
});
const ELSE = "approve else rule";

const dealings: readonly Case[] = [
  {
    name: "trust is the policy's, by the most specific name",
    layers: [{ ...trusted, rules: [allow("a", { when: { path: "counterparty.trust", eq: "LOW" } })] }],
    call: { input: { to: "Evil.A.com." } },
    expect: "allow a rule",
    more: { counterparty: { id: "evil.a.com", trust: "LOW" } },
  },
  {
    name: "a wildcard does not meet its own suffix",
    layers: [{ ...trusted, rules: [allow("a", { when: { path: "counterparty.trust", eq: "HIGH" } })] }],
    call: { input: { to: "a.com" } },
    expect: "deny default default",
    more: { counterparty: { id: "a.com", trust: "NONE" } },
  },
  {
    name: "trust is that of the longest suffix",
    layers: [
      {
        ...trusted,
        counterparties: [
          { match: "*.com", trust: "LOW" },
          { match: "*.b.a.com", trust: "HIGH" },
          { match: "*.a.com", trust: "MEDIUM" },
        ],
        default: "allow",
      },
    ],
    call: { input: { to: "x.b.a.com" } },
    expect: "allow default default",
    more: { counterparty: { id: "x.b.a.com", trust: "HIGH" } },
  },
  {
    name: "the registry says where the counterparty stands, and the host's word is not taken",
    layers: [{ default: "allow" }],
    call: { input: { to: "x.a.com" }, registered: "input.to", counterparty: "z.a.com" },
    expect: "allow default default",
    more: { counterparty: { id: "x.a.com", trust: "NONE" } },
  },
  {
    name: "the host's word is taken where nobody says where it stands",
    layers: [{ default: "allow" }],
    call: { counterparty: "z.a.com" },
    expect: "allow default default",
    more: { counterparty: { id: "z.a.com", trust: "NONE" } },
  },
  {
    name: "the policy's path wins over the registry's and the host's",
    layers: [{ ...trusted, default: "allow" }],
    call: { input: { to: "x.a.com", other: "y.a.com" }, registered: "input.other", counterparty: "z.a.com" },
    expect: "allow default default",
    more: { counterparty: { id: "x.a.com", trust: "HIGH" } },
  },
  {
    name: "a counterparty that is no text is none",
    layers: [{ ...trusted, default: "allow" }],
    call: { input: { to: 5 }, counterparty: "z.a.com" },
    expect: "allow default default",
    more: { counterparty: null },
  },
  constrained("at most", { amount_max: 100 }, { amount: 100, currency: "USD" }, "allow yes rule"),
  constrained("too much", { amount_max: 100 }, { amount: 101, currency: "USD" }, ELSE),
  constrained("at least", { amount_min: 100 }, { amount: 99, currency: "USD" }, ELSE),
  constrained("currency", { currency: ["USD"] }, { amount: 1, currency: "EUR" }, ELSE),
  constrained("all must hold", { amount_max: 5, currency: ["EUR"] }, { amount: 1, currency: "EUR" }, "allow yes rule"),
  constrained(
    "domain",
    { allowed_domains: ["*.a.com"] },
    { to: "x.a.com", amount: 1, currency: "EUR" },
    "allow yes rule",
  ),
  constrained("no domain", { allowed_domains: ["*.a.com"] }, { amount: 1, currency: "EUR" }, ELSE),
  constrained("blocked", { blocked_domains: ["x.a.com"] }, { to: "X.a.com", amount: 1, currency: "EUR" }, ELSE),
  constrained(
    "not blocked",
    { blocked_domains: ["x.a.com"] },
    { to: "y.a.com", amount: 1, currency: "EUR" },
    "allow yes rule",
  ),
  constrained("nobody to block", { blocked_domains: ["x.a.com"] }, { amount: 1, currency: "EUR" }, ELSE),
  {
    name: "a deny whose constraint is unknown denies",
    layers: [{ ...money, rules: [deny("a", { constraints: { allowed_domains: ["a.com"] } })] }],
    call: { input: { amount: 1, currency: "EUR" } },
    expect: "deny a rule_unknown",
  },
  {
    name: "a required assurance raises an allow",
    layers: [rules(allow("a", { requirements: { min_assurance_level: "HIGH" } }))],
    expect: "step_up a rule",
  },
  {
    name: "a low assurance raises nothing",
    layers: [rules(allow("a", { requirements: { min_assurance_level: "LOW" } }))],
    expect: "allow a rule",
  },
  {
    name: "an unknown allow that requires assurance counts as the step-up it is",
    layers: [rules(allow("a", { when: unknown, requirements: { min_assurance_level: "SUBSTANTIAL" } }), allow("b"))],
    expect: "step_up a rule_unknown",
  },
];

const org = (...list: readonly Rule[]): Document => rules(...list);
const layered: readonly Case[] = [
  { name: "the strictest layer wins", layers: [org(allow("a")), rules(approve("b"))], expect: "approve b rule" },
  { name: "a narrower layer lifts nothing", layers: [org(approve("a")), rules(allow("b"))], expect: "approve a rule" },
  {
    name: "of equally strict the broader counts",
    layers: [org(approve("a")), rules(approve("b"))],
    expect: "approve a rule",
  },
  {
    name: "a layer that passes through counts for nothing",
    layers: [org(), rules(allow("b"))],
    expect: "allow b rule",
  },
  { name: "a default that denies counts", layers: [{}, rules(allow("b"))], expect: "deny default default" },
  { name: "nobody answers", layers: [org(), rules()], expect: "deny null default" },
  { name: "an overridable deny stands alone", layers: [org(deny("a", lifted))], expect: "deny a rule" },
  {
    name: "a narrower rule lifts an overridable deny",
    layers: [org(deny("a", lifted)), rules(allow("b"))],
    expect: "allow b rule",
  },
  {
    name: "a narrower tool's decision lifts an overridable ask",
    layers: [org(approve("a", lifted)), { default: "passthrough", tools: { pay: { decision: "allow" } } }],
    expect: "allow tools.pay tool_default",
  },
  {
    name: "a narrower default lifts nothing",
    layers: [org(deny("a", lifted)), { default: "allow" }],
    expect: "deny a rule",
  },
  {
    name: "a broader rule lifts nothing",
    layers: [org(allow("a")), rules(deny("b", lifted))],
    expect: "deny b rule",
  },
  {
    name: "an unknown overridable deny is firm",
    layers: [org(deny("a", { ...lifted, when: unknown })), rules(allow("b"))],
    expect: "deny a rule_unknown",
  },
  {
    name: "what is firm stays beside what is lifted",
    layers: [org(deny("a", lifted), approve("c")), rules(allow("b"))],
    expect: "approve c rule",
  },
  {
    name: "an unknown ask before what is lifted stays",
    layers: [org(stepUp("c", { when: unknown }), approve("a", lifted)), rules(allow("b"))],
    expect: "step_up c rule_unknown",
  },
  {
    name: "an unknown ask between what is lifted and what is firm stays",
    layers: [org(deny("a", { ...lifted, when: true }), stepUp("c", { when: unknown }), allow("d")), rules(allow("b"))],
    expect: "step_up c rule_unknown",
  },
  {
    name: "a firm rule that is looser than what may be lifted waits behind it",
    layers: [org(stepUp("a", { ...lifted, when: true }), approve("c"))],
    expect: "step_up a rule",
  },
  {
    name: "a narrower layer whose default is the answer does not speak",
    layers: [org(deny("a", lifted)), { rules: [approve("b", { when: unknown })] }],
    expect: "deny a rule",
  },
  {
    name: "a narrower unknown ask does not speak",
    layers: [org(deny("a", lifted)), rules(approve("b", { when: unknown }))],
    expect: "deny a rule",
  },
];

const observe = { mode: "observe" } as const;
const observed: readonly Case[] = [
  {
    name: "an observed deny only shows",
    layers: [rules(deny("a", { ...observe, when: true }), allow("b"))],
    expect: "allow b rule",
    more: { shadow: { effect: "deny", rule: "a" } },
  },
  {
    name: "an observed rule that says the same shows nothing",
    layers: [rules(deny("a", { ...observe, when: false }), allow("b"))],
    expect: "allow b rule",
    more: { shadow: null },
  },
  {
    name: "an observed layer only shows",
    layers: [{ ...org(approve("a")), ...observe }, rules(allow("b"))],
    expect: "allow b rule",
    more: { shadow: { effect: "approve", rule: "a" } },
  },
];

const everywhere: readonly Case[] = [
  {
    name: "where everything is observed, everything is decided",
    layers: [{ ...rules(deny("a", { ...observe, when: true }), allow("b")), ...observe }],
    expect: "deny a rule",
    more: { shadow: null },
  },
  {
    name: "an observed narrower layer only shows",
    layers: [org(allow("a")), { ...rules(stepUp("b")), ...observe }],
    expect: "allow a rule",
    more: { shadow: { effect: "step_up", rule: "b" } },
  },
  {
    name: "a narrower layer does not redirect a broader one's counterparty",
    layers: [
      { ...trusted, ...org(approve("a", { when: { path: "counterparty.trust", eq: "LOW" } })), tools: trusted.tools },
      { ...rules(allow("b")), tools: { pay: { counterparty: "input.other" } } },
    ],
    call: { input: { to: "evil.a.com", other: "x.a.com" } },
    expect: "approve a rule",
    more: { counterparty: { id: "x.a.com", trust: "HIGH" } },
  },
];

const computed = (compute: Compute, more: Partial<Rule> = {}): readonly Document[] => [
  rules(rule("a", "compute", { compute, ...more })),
];
const capped: Compute = { set: { a: { cel: { call: "min", of: [{ path: "input.a" }, { value: 100 }] } } } };
const forms: readonly Case[] = [
  {
    name: "a cap changes what is beyond it",
    layers: computed(capped),
    call: { input: { a: 500, b: 1 } },
    expect: "allow a rule",
    more: { transform: { tool: "pay", input: { a: 100, b: 1 } } },
  },
  {
    name: "a cap leaves what is within it",
    layers: computed(capped),
    call: { input: { a: 50 } },
    expect: "allow a rule",
    more: { transform: null },
  },
  {
    name: "a cap of nothing denies",
    layers: computed(capped),
    expect: "deny null compute_unknown",
    more: { transform: null },
  },
  {
    name: "a cap of a text denies",
    layers: computed(capped),
    call: { input: { a: "500" } },
    expect: "deny null compute_unknown",
  },
  {
    name: "a literal is set",
    layers: computed({ set: { "b.c": true } }),
    call: { input: { b: { d: 1 } } },
    expect: "allow a rule",
    more: { transform: { tool: "pay", input: { b: { d: 1, c: true } } } },
  },
  {
    name: "a member is removed",
    layers: computed({ remove: ["b.c", "x"] }),
    call: { input: { b: { c: 1 } } },
    expect: "allow a rule",
    more: { transform: { tool: "pay", input: { b: {} } } },
  },
  {
    name: "another tool takes its place",
    layers: computed({ tool: "preview" }),
    call: { input: { a: 1 } },
    expect: "allow a rule",
    more: { transform: { tool: "preview", input: { a: 1 } } },
  },
  {
    name: "a deny carries no form",
    layers: [...computed(capped), rules(deny("b"))],
    call: { input: { a: 500 } },
    expect: "deny b rule",
    more: { transform: null },
  },
  {
    name: "the broadest form counts",
    layers: [...computed({ set: { b: 1 } }), ...computed({ set: { c: 1 } }, { id: "c" })],
    expect: "allow a rule",
    more: { transform: { tool: "pay", input: { b: 1 } } },
  },
  {
    name: "a form that changes nothing leaves the next",
    layers: [...computed({ remove: ["b"] }), ...computed({ set: { c: 1 } }, { id: "c" })],
    expect: "allow a rule",
    more: { transform: { tool: "pay", input: { c: 1 } } },
  },
  {
    name: "an ask that could not be decided forms nothing",
    layers: [rules(approve("a", { when: unknown, compute: { set: { b: 1 } } }), allow("b"))],
    expect: "approve a rule_unknown",
    more: { transform: null },
  },
  {
    name: "nothing is set below what has no members",
    layers: computed({ set: { "b.c": 1 } }),
    call: { input: { b: null } },
    expect: "deny null compute_unknown",
  },
  {
    name: "members on the way are made",
    layers: computed({ set: { "b.c": 1 } }),
    expect: "allow a rule",
    more: { transform: { tool: "pay", input: { b: { c: 1 } } } },
  },
  {
    name: "every expression sees the call as it was",
    layers: computed({ set: { a: { cel: { path: "input.b" } }, b: { cel: { path: "input.a" } } } }),
    call: { input: { a: 1, b: 2 } },
    expect: "allow a rule",
    more: { transform: { tool: "pay", input: { a: 2, b: 1 } } },
  },
  {
    name: "an unknown rule forms nothing",
    layers: [rules(allow("a", { when: unknown, compute: { set: { b: 1 } } }), allow("b"))],
    expect: "allow b rule",
    more: { transform: null },
  },
];

const limit = (more: Partial<Limit> = {}): Limit => ({ id: "daily", action: "pay", window: "24h", max: 100, ...more });
const spend = limit({ sum: "money.amount", per: ["agent", "money.currency"], over: "approve" });
const limits = (one: Limit, document: Document = money): readonly Document[] => [{ ...document, limits: [one] }];
const paid = { amount: 30, currency: "USD" };
const SPENT = 'counter:["daily","shopper","USD"]';
const OVER = "deny limits.daily limit";
const UNREAD = "deny limits.daily limit_unknown";
const bounded: readonly Case[] = [
  {
    name: "within a sum",
    layers: limits(spend),
    call: { input: paid, probes: { [SPENT]: 70 } },
    expect: "allow default default",
  },
  {
    name: "beyond a sum asks",
    layers: limits(spend),
    call: { input: paid, probes: { [SPENT]: 71 } },
    expect: "approve limits.daily limit",
  },
  { name: "no probe denies", layers: limits(spend), call: { input: paid }, expect: UNREAD },
  {
    name: "a probe that is no count denies",
    layers: limits(spend),
    call: { input: paid, probes: { [SPENT]: "1" } },
    expect: UNREAD,
  },
  {
    name: "a missing part denies",
    layers: limits(limit({ per: ["session"] })),
    call: { input: paid, probes: { 'counter:["daily"]': 0 } },
    expect: OVER,
  },
  {
    name: "a count",
    layers: limits(limit({ max: 2 })),
    call: { input: paid, probes: { 'counter:["daily"]': 1 } },
    expect: "allow default default",
  },
  {
    name: "one too many",
    layers: limits(limit({ max: 2 })),
    call: { input: paid, probes: { 'counter:["daily"]': 2 } },
    expect: OVER,
  },
  {
    name: "a listed value is a part",
    layers: limits(limit({ per: [{ path: "input.kind", values: ["x", "y"] }] })),
    call: { input: { ...paid, kind: "y" }, probes: { 'counter:["daily","y"]': 0 } },
    expect: "allow default default",
  },
  {
    name: "a value that is not listed denies",
    layers: limits(limit({ per: [{ path: "input.kind", values: ["x", "y"] }] })),
    call: { input: { ...paid, kind: "z" }, probes: { 'counter:["daily","z"]': 0 } },
    expect: OVER,
  },
  {
    name: "another tool is not limited",
    layers: limits(limit({ max: 0 })),
    call: { tool: "ship" },
    expect: "allow default default",
  },
  {
    name: "a limit does not lower",
    layers: limits(spend, { ...money, default: "deny" }),
    call: { input: paid, probes: { [SPENT]: 99 } },
    expect: "deny default default",
  },
  {
    name: "limits wait for the form that will run",
    layers: limits(limit({ max: 0 }), rules(rule("a", "compute", { compute: { set: { b: 1 } } }))),
    expect: "allow a rule",
    more: { transform: { tool: "pay", input: { b: 1 } } },
  },
];

const guarded = (more: Partial<Entry> = {}, document: Document = {}): Document => ({
  default: "allow",
  tools: {
    pay: { money: { amount: "input.amount", currency: "input.currency", currencies: ["USD"], max: 100 }, ...more },
  },
  ...document,
});
const GUARD = "deny tools.pay guard";
const guards: readonly Case[] = [
  { name: "within the bounds", layers: [guarded()], call: { input: paid }, expect: "allow default default" },
  {
    name: "no amount",
    layers: [guarded({ otherwise: "approve" })],
    call: { input: { currency: "USD" } },
    expect: GUARD,
  },
  {
    name: "a text is no amount",
    layers: [guarded({ otherwise: "approve" })],
    call: { input: { ...paid, amount: "1" } },
    expect: GUARD,
  },
  {
    name: "less than nothing",
    layers: [guarded({ otherwise: "approve" })],
    call: { input: { ...paid, amount: -1 } },
    expect: GUARD,
  },
  { name: "too much", layers: [guarded()], call: { input: { ...paid, amount: 101 } }, expect: GUARD },
  {
    name: "what is outside may ask",
    layers: [guarded({ otherwise: "approve" })],
    call: { input: { ...paid, amount: 101 } },
    expect: "approve tools.pay guard",
  },
  {
    name: "another currency may ask",
    layers: [guarded({ otherwise: "step_up" })],
    call: { input: { ...paid, currency: "EUR" } },
    expect: "step_up tools.pay guard",
  },
  {
    name: "a guard lowers nothing",
    layers: [guarded({ otherwise: "approve" }, { rules: [stepUp("a")] })],
    call: { input: { ...paid, amount: 101 } },
    expect: "step_up tools.pay guard",
  },
  {
    name: "a deny needs no guard",
    layers: [guarded({}, { rules: [deny("a")] })],
    call: { input: { ...paid, amount: 101 } },
    expect: "deny a rule",
  },
  {
    name: "the guard of a name that the registry knows counts",
    layers: [guarded()],
    call: { tool: "send", aliases: ["pay"], input: { ...paid, amount: 101 } },
    expect: GUARD,
  },
  {
    name: "a broader layer's guard counts",
    layers: [guarded({}, { default: "passthrough" }), { default: "allow" }],
    call: { input: { ...paid, amount: 101 } },
    expect: GUARD,
  },
  {
    name: "guards wait for the form that will run",
    layers: [guarded({}, { rules: [rule("a", "compute", { compute: { set: { amount: 100 } } })] })],
    call: { input: { ...paid, amount: 101 } },
    expect: "allow a rule",
    more: { transform: { tool: "pay", input: { ...paid, amount: 100 } } },
  },
  {
    name: "money beyond its guard is unknown to conditions",
    layers: [guarded({ otherwise: "approve" }, { rules: [stepUp("a", { when: { path: "money.amount", lt: 5 } })] })],
    call: { input: { ...paid, amount: 101 } },
    expect: "step_up tools.pay guard",
  },
];

const duties: readonly Case[] = [
  {
    name: "a rule that is overridden puts no duty and makes no form",
    layers: [
      org(
        approve("a", { ...lifted, when: true, compute: { set: { b: 1 } }, obligations: [{ type: "notify" }] }),
        allow("c"),
      ),
      rules(allow("b", { obligations: [{ type: "mark" }] })),
    ],
    expect: "allow c rule",
    more: { transform: null, obligations: ["mark"] },
  },
  {
    name: "a deny puts no duty",
    layers: [org(allow("a", { obligations: [{ type: "notify" }] })), rules(deny("b"))],
    expect: "deny b rule",
    more: { obligations: [] },
  },
  {
    name: "an ask that could not be decided puts its duty too",
    layers: [
      rules(
        approve("a", { when: unknown, obligations: [{ type: "notify" }] }),
        stepUp("b", { obligations: [{ type: "mark" }, { type: "notify" }] }),
      ),
    ],
    expect: "step_up b rule",
    more: { obligations: ["notify", "mark"] },
  },
  {
    name: "obligations of the rule that answers",
    layers: [rules(allow("a", { obligations: [{ type: "notify", at: "before" }] }))],
    expect: "allow a rule",
    more: { obligations: ["notify"] },
  },
  {
    name: "obligations of every layer that answers",
    layers: [
      org(allow("a", { obligations: [{ type: "notify" }] })),
      rules(approve("b", { obligations: [{ type: "mark" }] })),
    ],
    expect: "approve b rule",
    more: { obligations: ["notify", "mark"] },
  },
];

export const CASES: readonly Case[] = [
  ...order,
  ...names,
  ...conditions,
  ...onlyInCel,
  ...dealings,
  ...layered,
  ...observed,
  ...everywhere,
  ...forms,
  ...bounded,
  ...guards,
  ...duties,
];
