/** Five rules a service; every candidate writes them in its own language. At most one of them matches a call. */
export type Rule = {
  /** Names the rule in every candidate's answer. */
  readonly id: string;
  readonly service: string;
} & (
  | { readonly kind: "pay"; readonly most: number; readonly currencies: readonly string[] }
  | { readonly kind: "fetch"; readonly hosts: readonly string[] }
  | { readonly kind: "write"; readonly folder: string }
  | { readonly kind: "run"; readonly program: string; readonly targets: readonly string[] }
  | { readonly kind: "any"; readonly environment: string; readonly riskAbove: number }
);

export type RuleOf<Kind extends Rule["kind"]> = Extract<Rule, { readonly kind: Kind }>;

/** What one rule of any kind is in another language. */
export function perKind<Form>(
  rule: Rule,
  forms: { readonly [Kind in Rule["kind"]]: (rule: RuleOf<Kind>) => Form },
): Form {
  // The form is the one for the rule's own kind, which the compiler cannot follow through the look-up.
  const form = forms[rule.kind] as (rule: Rule) => Form;
  return form(rule);
}

export const RULES_PER_SERVICE = 5;

/** One of them is forbidden by each service's last rule alone: it has no rule of its own. */
export const VERBS = ["pay", "fetch", "write", "run", "delete"] as const;

const CURRENCIES = ["USD", "EUR", "GBP", "CHF", "JPY", "SEK", "NOK"];

/**
 * For each service: a payment up to an amount in some currencies, requests to eight hosts, writing below a folder, and a
 * command of one form are allowed; anything risky on the real system is denied. All else is denied by default. No two rules
 * have the same condition.
 * @param count a multiple of five.
 * @param first number of the first service: another one makes a policy of the same size that shares no condition with this one.
 */
export function makeRules(count: number, first = 0): readonly Rule[] {
  if (count % RULES_PER_SERVICE !== 0) throw new RangeError("Rules come in fives.");
  return Array.from({ length: count / RULES_PER_SERVICE }, (_, index) => rulesOf(first + index)).flat();
}

function rulesOf(index: number): readonly Rule[] {
  const service = `svc${index}`;
  const named = (kind: string) => ({ id: `${service}-${kind}`, service });
  const currencies = [0, 1, 2].map((offset) => CURRENCIES[(index + offset) % CURRENCIES.length] ?? "USD");
  const hosts = Array.from({ length: 8 }, (_, host) => `api${host}.${service}.example`);
  return [
    { ...named("pay"), kind: "pay", most: 100 + index, currencies },
    { ...named("fetch"), kind: "fetch", hosts },
    { ...named("write"), kind: "write", folder: `/workspace/project-${index}/` },
    { ...named("run"), kind: "run", program: `make -C project-${index}`, targets: ["build", "test", "lint"] },
    { ...named("any"), kind: "any", environment: "production", riskAbove: 50 + index },
  ];
}

/** The command's form as a regular expression: one of the targets, and at most one plain word after it. */
export function commandPattern({ program, targets }: RuleOf<"run">): string {
  return `^${program} (${targets.join("|")})( [a-z]+)?$`;
}
