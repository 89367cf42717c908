import { newEnforcer, newModelFromString } from "casbin";
import { answer, inProcess, type Maker } from "./engine.ts";
import { toolOf } from "./by-tool.ts";
import { commandPattern, perKind, type Rule } from "./rules.ts";

/** The tool is compared before the condition; the first rule that matches ends the search. No blank before `eval`: it is read as a list. */
const MODEL = `
[request_definition]
r = service, tool, input
[policy_definition]
p = tool, rule, eft, id
[policy_effect]
e = priority(p.eft) || deny
[matchers]
m = (r.tool == p.tool || r.service == p.tool) &&eval(p.rule)
`;

export const casbin: Maker = {
  name: "casbin",
  form: "enforceExSync; eval() of each rule's condition after its tool was compared; first match. Its cache takes texts only, no inputs",
  scans: true,
  role: "peer",
  async make(rules, requests) {
    const model = newModelFromString(MODEL);
    model.addPolicies(
      "p",
      "p",
      rules.map((rule) => [toolOf(rule), conditionOf(rule), rule.kind === "any" ? "deny" : "allow", rule.id]),
    );
    const enforcer = await newEnforcer(model);
    return inProcess(
      this.name,
      requests,
      ({ service, tool, input }) => enforcer.enforceExSync(service, tool, input),
      ([allowed, [, , , id]]) => (id === undefined ? null : answer(allowed ? "allow" : "deny", id)),
    );
  },
};

function conditionOf(rule: Rule): string {
  return perKind(rule, {
    pay: ({ most, currencies }) => `r.input.amount <= ${most} && r.input.currency in ${JSON.stringify(currencies)}`,
    fetch: ({ hosts }) => `r.input.host in ${JSON.stringify(hosts)}`,
    write: ({ folder }) => `keyMatch(r.input.path, "${folder}*")`,
    run: (command) => `regexMatch(r.input.command, "${commandPattern(command)}")`,
    any: ({ environment, riskAbove }) =>
      `r.input.environment == "${environment}" && r.input.dry_run == false && r.input.risk > ${riskAbove}`,
  });
}
