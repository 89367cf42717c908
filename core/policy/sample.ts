import { canonicalText } from "../canonical.ts";
import { actionDigest, sha256Hex } from "../digest.ts";
import type { Action } from "../model/call.ts";
import type { Json } from "../model/json.ts";
import type { SideEffect, ToolSpec } from "../model/tool.ts";
import { type ActionParts, sealedAction } from "./sealed-action.ts";

/** A call that nobody makes: what a policy is asked about in its tests and on the command line. */
export interface SampleCall {
  readonly agent?: string | undefined;
  readonly subject?: string | undefined;
  readonly session?: string | undefined;
  readonly side_effect?: SideEffect | undefined;
}

/** The tool as a program without further statements would register it. */
export function sampleTool({ side_effect: sideEffect = "unknown" }: SampleCall, id: string): ToolSpec {
  return {
    id,
    origin: "test",
    aliases: [],
    schemaDigest: null,
    sideEffect,
    idempotent: false,
    counterparty: null,
    redact: [],
    labels: { emits: [], accepts: [] },
  };
}

/**
 * The call, sealed as `seal` does it where its input is frozen.
 * @param spec the tool, where it is registered.
 */
export function sampleAction(
  { agent = "agent", subject = "default", session }: SampleCall,
  tool: string,
  input: Json,
  spec?: ToolSpec,
): Action {
  const principal = { tenant: "default", subject, agent, chain: [] };
  const text = canonicalText(input);
  const parts: ActionParts = {
    v: 1,
    tool,
    input,
    text,
    digest: actionDigest(principal, tool, text),
    inputDigest: sha256Hex(text),
    identity: "ephemeral",
    callKey: "",
    actionId: "",
    principal,
    session: session ?? null,
    labels: {},
    schemaDigest: null,
    requestedAt: 0,
  };
  return Object.isFrozen(input) ? sealedAction(parts, spec) : parts;
}
