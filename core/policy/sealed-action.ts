import type { Action, CallIdentity, CallLabels } from "../model/call.ts";
import type { Json } from "../model/json.ts";
import type { Principal } from "../model/principal.ts";
import type { ToolSpec } from "../model/tool.ts";
import { Members } from "./members.ts";

/** What an action is made of. */
export type ActionParts = Omit<Action, "members">;

/**
 * A frozen action that has its members laid out in itself: a decision then reads one object less, and what was laid out can
 * never be that of another input, or of a copy that somebody changed. A copy is an action like any other, and only decided
 * a little slower.
 */
class SealedAction extends Members implements Action {
  declare readonly v: 1;
  declare readonly tool: string;
  declare readonly input: Json;
  declare readonly text: string;
  declare readonly inputDigest: string;
  declare readonly digest: string;
  declare readonly identity: CallIdentity;
  declare readonly callKey: string;
  declare readonly actionId: string;
  declare readonly principal: Principal;
  declare readonly session: string | null;
  declare readonly labels: CallLabels;
  declare readonly schemaDigest: string | null;
  declare readonly requestedAt: number;

  constructor(parts: ActionParts, tool: ToolSpec | undefined) {
    if (!Object.isFrozen(parts.input)) throw new TypeError("the input of a sealed action must be frozen");
    super(parts.input, false, tool?.id === parts.tool && Object.isFrozen(tool) ? tool : undefined);
    this.v = parts.v;
    this.tool = parts.tool;
    this.input = parts.input;
    this.text = parts.text;
    this.inputDigest = parts.inputDigest;
    this.digest = parts.digest;
    this.identity = parts.identity;
    this.callKey = parts.callKey;
    this.actionId = parts.actionId;
    this.principal = parts.principal;
    this.session = parts.session;
    this.labels = parts.labels;
    this.schemaDigest = parts.schemaDigest;
    this.requestedAt = parts.requestedAt;
    Object.freeze(this);
  }
}

// Whoever has an action has a way to these.
Object.freeze(SealedAction);
Object.freeze(SealedAction.prototype);

/**
 * Seals an action for the tool that it names.
 * @param parts its input must be frozen.
 * @param tool the registry's entry; one that can still change, or has another name, is not looked at.
 */
export function sealedAction(parts: ActionParts, tool: ToolSpec | undefined): Action {
  return new SealedAction(parts, tool);
}
