import type { Decision } from "../../core/model/decision.ts";
import type { Policy } from "../../core/model/policy.ts";
import { type SampleCall, sampleCall } from "../../core/policy/call.fixture.ts";
import { loadPolicy } from "../../core/policy/index.ts";
import { type Answer, type Call, type Document, USUAL } from "./language.ts";
import { print } from "./print.ts";

/** Loads layers, the narrowest last: it is the document itself and names the others. */
export function load(layers: readonly Document[]): Policy {
  const broader = layers.slice(0, -1).map((layer, index) => [`./layer-${index}.yaml`, print(layer)] as const);
  const texts = new Map<string, string>(broader);
  const [narrowest = {}] = layers.slice(-1);
  return loadPolicy(print(narrowest, [...texts.keys()]), {
    resolve: (reference) => ({ text: texts.get(reference) ?? "", origin: reference }),
  });
}

/** The call as the engine takes it. */
export function sealed(call: Call): SampleCall {
  const { agent, subject, sideEffect, idempotent } = { ...USUAL, ...call };
  const { tool: id, aliases = [], registered = null, session = null, counterparty = null, probes = {} } = call;
  return sampleCall(call.input, {
    tool: { id, aliases, counterparty: registered, sideEffect, idempotent },
    action: { session, principal: { tenant: "acme", subject, agent, chain: [] } },
    facts: { counterparty, probes },
  });
}

export function ask(policy: Policy, call: Call): Decision {
  const { action, tool, facts } = sealed(call);
  return policy.evaluate(action, tool, facts);
}

/** What of a decision is compared. */
export function answerOf(decision: Decision): Answer {
  const { effect, rule, reasonCode, transform, obligations, counterparty, shadow = null } = decision;
  return {
    effect,
    rule,
    reasonCode,
    transform,
    obligations: obligations.map(({ type }) => type),
    counterparty,
    shadow: shadow && { effect: shadow.effect, rule: shadow.rule },
  };
}
