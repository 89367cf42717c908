import { createMongoAbility, type MongoQuery, type RawRuleOf, type MongoAbility, subject } from "@casl/ability";
import { answer, inProcess, type Maker } from "./engine.ts";
import { commandPattern, perKind, type Rule } from "./rules.ts";

/** Services are subjects and verbs actions, which is what its index is made for; `manage` is its word for every action. */
export const casl: Maker = {
  name: "@casl/ability",
  form: "subject and action from the tool's name; Mongo conditions; objects labelled beforehand",
  scans: false,
  role: "peer",
  make(rules, requests) {
    const ability = createMongoAbility(rules.map(toRule));
    const calls = requests.map(({ service, verb, input }) => ({ verb, call: subject(service, { ...input }) }));
    return inProcess(
      this.name,
      calls,
      // What `can` calls and then makes a boolean of.
      ({ verb, call }) => ability.relevantRuleFor(verb, call),
      (rule) => (rule === null ? null : answer(rule.inverted ? "deny" : "allow", rule.reason ?? "")),
    );
  },
};

function toRule(rule: Rule): RawRuleOf<MongoAbility> {
  const { id, kind, service } = rule;
  return {
    action: kind === "any" ? "manage" : kind,
    subject: service,
    inverted: kind === "any",
    conditions: conditions(rule),
    reason: id,
  };
}

function conditions(rule: Rule): MongoQuery {
  return perKind<MongoQuery>(rule, {
    pay: ({ most, currencies }) => ({ amount: { $lte: most }, currency: { $in: [...currencies] } }),
    fetch: ({ hosts }) => ({ host: { $in: [...hosts] } }),
    write: ({ folder }) => ({ path: { $regex: `^${folder}` } }),
    run: (command) => ({ command: { $regex: commandPattern(command) } }),
    any: ({ environment, riskAbove }) => ({ environment, dry_run: false, risk: { $gt: riskAbove } }),
  });
}
