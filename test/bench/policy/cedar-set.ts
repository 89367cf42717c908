import {
  preparsePolicySet,
  statefulIsAuthorized,
  type StatefulAuthorizationCall,
} from "@cedar-policy/cedar-wasm/nodejs";
import { answer, type Engine, inProcess } from "./engine.ts";
import { perKind, type Rule } from "./rules.ts";
import type { Request } from "./traffic.ts";

const POLICY_SET = "bench";

/** Cedar in this process; see `cedar.ts` for why that is a process of its own. */
export function cedarInProcess(name: string, rules: readonly Rule[], requests: readonly Request[]): Engine {
  const staticPolicies = Object.fromEntries(rules.map((rule) => [rule.id, policyText(rule)]));
  const parsed = preparsePolicySet(POLICY_SET, { staticPolicies });
  if (parsed.type !== "success") throw new Error(`Cedar does not read its policies: ${JSON.stringify(parsed.errors)}`);
  return inProcess(name, requests.map(toCall), statefulIsAuthorized, (result) => {
    if (result.type !== "success") throw new Error(`Cedar does not answer: ${JSON.stringify(result.errors)}`);
    const { decision, diagnostics } = result.response;
    const [id] = diagnostics.reason;
    return id === undefined ? null : answer(decision, id);
  });
}

function toCall({ service, verb, input }: Request): StatefulAuthorizationCall {
  return {
    principal: { type: "User", id: "ada" },
    action: { type: "Action", id: verb },
    resource: { type: "Service", id: service },
    context: input as StatefulAuthorizationCall["context"],
    preparsedPolicySetId: POLICY_SET,
    validateRequest: false,
    entities: [],
  };
}

function policyText(rule: Rule): string {
  const [effect, action] = rule.kind === "any" ? ["forbid", "action"] : ["permit", `action == Action::"${rule.kind}"`];
  return `${effect}(principal, ${action}, resource == Service::"${rule.service}") when { ${conditionText(rule)} };`;
}

function conditionText(rule: Rule): string {
  return perKind(rule, {
    pay: ({ most, currencies }) =>
      `context.amount <= ${most} && ${JSON.stringify(currencies)}.contains(context.currency)`,
    fetch: ({ hosts }) => `${JSON.stringify(hosts)}.contains(context.host)`,
    write: ({ folder }) => `context.path like "${folder}*"`,
    run: ({ program, targets }) => targets.map((target) => `context.command like "${program} ${target}*"`).join(" || "),
    any: ({ environment, riskAbove }) =>
      `context.environment == "${environment}" && context.dry_run == false && context.risk > ${riskAbove}`,
  });
}
