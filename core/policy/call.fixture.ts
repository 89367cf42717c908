import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Facts } from "../model/facts.ts";
import type { Json } from "../model/json.ts";
import type { ToolSpec } from "../model/tool.ts";
import { loadPolicy } from "./load.ts";

/** What a test's call differs in from the ordinary one. */
export interface Circumstances {
  readonly tool?: Partial<ToolSpec>;
  readonly action?: Partial<Action>;
  readonly facts?: Partial<Facts>;
}

export interface SampleCall {
  readonly action: Action;
  readonly tool: ToolSpec;
  readonly facts: Facts;
}

/** A call of `purchase` by the agent `shopper` for `ada`, at the epoch. The action names the tool of the circumstances. */
export function sampleCall(input: Json = {}, different: Circumstances = {}): SampleCall {
  const tool: ToolSpec = {
    id: "purchase",
    origin: "host",
    aliases: [],
    schemaDigest: null,
    sideEffect: "write",
    idempotent: false,
    counterparty: null,
    redact: [],
    labels: { emits: [], accepts: [] },
    ...different.tool,
  };
  const action: Action = {
    v: 1,
    tool: tool.id,
    input,
    text: "",
    digest: "",
    inputDigest: "",
    identity: "ephemeral",
    callKey: "",
    actionId: "",
    principal: { tenant: "acme", subject: "ada", agent: "shopper", chain: [] },
    session: null,
    labels: {},
    schemaDigest: null,
    requestedAt: 0,
    ...different.action,
  };
  return { action, tool, facts: { now: 0, counterparty: null, probes: {}, ...different.facts } };
}

/** Decides one call by a policy that is written without its first line. */
export function decide(policy: string, input?: Json, different?: Circumstances): Decision {
  const { action, tool, facts } = sampleCall(input, different);
  return loadPolicy(`leash: 1\n${policy}`).evaluate(action, tool, facts);
}

/** The effect, the deciding rule and the reason code, in one line. */
export function answer(policy: string, input?: Json, different?: Circumstances): string {
  const { effect, rule, reasonCode } = decide(policy, input, different);
  return `${effect} ${rule} ${reasonCode}`;
}
