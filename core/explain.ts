import { gatherFacts } from "./facts/gather.ts";
import { systemProbe } from "./facts/probes.ts";
import type { Json } from "./model/json.ts";
import type { Explanation, Policy, Suggestion } from "./model/policy.ts";
import { sampleAction, sampleTool } from "./policy/sample.ts";
import { stateRoot } from "./state.ts";

export interface ExplainCallOptions {
  /** Default `agent`. */
  readonly agent?: string | undefined;
  /** On whose behalf. Default `default`. */
  readonly subject?: string | undefined;
}

/** What a policy says of a call, why, and the nearest input that it would allow; undefined where it cannot tell. */
export interface ExplainedCall {
  readonly explanation: Explanation | undefined;
  readonly suggestion: Suggestion | undefined;
}

/**
 * Asks a policy why it answers as it does, as of now and on this machine: hosts are resolved and paths followed. Runs nothing,
 * records nothing. For people: a model that sees it learns the rules.
 *
 * @throws {LeashError} `LEASH_INPUT_INVALID` for an input that is not plain JSON within the limits.
 * @example
 * const policy = await loadPolicyFile("leash.yaml");
 * const { explanation } = await explainCall(policy, { tool: "refund", input: { amount_minor: 9000 } });
 */
export async function explainCall(
  policy: Policy,
  call: { readonly tool: string; readonly input: Json },
  options: ExplainCallOptions = {},
): Promise<ExplainedCall> {
  const action = sampleAction(options, call.tool, call.input);
  const tool = sampleTool({}, call.tool);
  const probe = systemProbe({ folders: [stateRoot()], ports: [] });
  const facts = await gatherFacts(policy, action, tool, { now: Date.now(), counterparty: undefined, probe });
  return {
    explanation: policy.explain?.(action, tool, facts),
    suggestion: policy.suggest?.(action, tool, facts),
  };
}
