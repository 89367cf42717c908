import { canonicalText, type Action, type Facts, type Json, type JsonObject, type ToolSpec } from "@leashkit/core";
import { loadPolicy } from "../../../core/policy/index.ts";
import { sampleAction } from "../../../core/policy/sample.ts";
import { createToolRegistry } from "../../../core/tools.ts";
import { inProcess, type Maker } from "./engine.ts";
import { commandPattern, perKind, type Rule } from "./rules.ts";

export const ours: Maker = {
  name: "leashkit",
  form: "loadPolicy once; actions sealed and tools registered beforehand",
  scans: false,
  role: "ours",
  make(rules, requests) {
    const policy = loadPolicy(policyText(rules));
    const registry = createToolRegistry();
    const calls = requests.map(({ tool: id, input }) => {
      const tool = registry.get(id) ?? registry.register({ id });
      return { action: sealed(tool, input), tool };
    });
    return inProcess(
      this.name,
      calls,
      ({ action, tool }) => policy.evaluate(action, tool, FACTS),
      ({ effect, rule, reasonCode }) =>
        reasonCode === "default" && effect === "deny" ? null : `${effect} ${reasonCode === "rule" ? rule : reasonCode}`,
    );
  },
};

const FACTS: Facts = { now: 0, counterparty: null, probes: {} };

/** The policy as a person writes it: every rule says what it is for, and what to tell whoever asks why. */
export function policyText(rules: readonly Rule[]): string {
  return `leash: 1\ndefault: deny\nrules:\n${rules.map(ruleText).join("")}`;
}

function ruleText(rule: Rule): string {
  const [verb, effect] = rule.kind === "any" ? ["*", "deny"] : [rule.kind, "allow"];
  return `  - id: ${rule.id}
    description: ${PURPOSES[rule.kind]}
    action: ${rule.service}.${verb}
    when: '${conditionText(rule)}'
    effect: ${effect}
    reason: ${REASONS[rule.kind]}
`;
}

const PURPOSES: Readonly<Record<Rule["kind"], string>> = {
  pay: "Small payments, in the currencies that the service has accounts in",
  fetch: "Requests to the eight hosts that the service itself is made of",
  write: "The working folder of the project, and whatever is below it",
  run: "The three targets of the project's own makefile, by themselves",
  any: "Whatever changes the real system and is not known to be harmless",
};

const REASONS: Readonly<Record<Rule["kind"], string>> = {
  pay: "payments of this size need no second look",
  fetch: "the service may speak to its own hosts",
  write: "the project's folder is the agent's to write",
  run: "building and testing the project does no harm",
  any: "risky changes to production are made by people",
};

/** The condition in CEL, which the plain library reads as well. */
export function conditionText(rule: Rule): string {
  return perKind(rule, {
    pay: ({ most, currencies }) => `input.amount <= ${most} && input.currency in ${JSON.stringify(currencies)}`,
    fetch: ({ hosts }) => `input.host in ${JSON.stringify(hosts)}`,
    write: ({ folder }) => `input.path.startsWith(${JSON.stringify(folder)})`,
    run: (command) => `input.command.matches(${JSON.stringify(commandPattern(command))})`,
    any: ({ environment, riskAbove }) =>
      `input.environment == "${environment}" && input.dry_run == false && input.risk > ${riskAbove}`,
  });
}

/** An action as sealing makes it: its input is parsed from its own text, and frozen like itself. */
function sealed(tool: ToolSpec, input: JsonObject): Action {
  return sampleAction({}, tool.id, Object.freeze(JSON.parse(canonicalText(input)) as Json), tool);
}
