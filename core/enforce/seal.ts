import { canonicalText } from "../canonical.ts";
import { actionDigest, domainDigest, sha256Hex } from "../digest.ts";
import { LeashError } from "../errors.ts";
import { uuidv8 } from "../ids.ts";
import type { Approval } from "../model/approval.ts";
import type { Action, CallLabels, ToolCall } from "../model/call.ts";
import type { Json } from "../model/json.ts";
import { principalKey, type Principal } from "../model/principal.ts";
import type { ToolSpec } from "../model/tool.ts";
import { sealedAction } from "../policy/sealed-action.ts";
import type { Scope } from "./context.ts";

/** What of a scope seals. */
export interface SealingScope extends Pick<Scope, "principal"> {
  readonly context: Pick<Scope["context"], "random"> & {
    readonly registry: Pick<Scope["context"]["registry"], "get">;
    readonly store: Pick<Scope["context"]["store"], "now">;
  };
}

/**
 * Step 2: takes one strict snapshot of the call. From here on only the canonical text counts; the caller's object is never
 * looked at again.
 * @throws {LeashError} `LEASH_INPUT_INVALID` when the input is not plain JSON within the limits.
 */
export function seal(scope: SealingScope, call: ToolCall): Action {
  const { context, principal } = scope;
  if (typeof call.tool !== "string") throw new LeashError("LEASH_INPUT_INVALID", "The tool's name is not a string.");
  if (call.problem !== undefined)
    throw new LeashError("LEASH_INPUT_INVALID", "The adapter could not read the arguments.");
  const tool = call.tool.normalize("NFC");
  const spec = context.registry.get(tool);
  const text = inputText(call.input, spec);
  // An empty name names nothing: taking it for an identity would replay one call to another.
  const identity = (call.scope ?? "") !== "" && (call.callId ?? "") !== "" ? "durable" : "ephemeral";
  const callKey =
    identity === "durable"
      ? domainDigest("leashkit/call-key/1", [
          ...principalKey(principal),
          call.session ?? null,
          call.scope ?? null,
          call.callId ?? null,
          call.index ?? 0,
          tool,
        ])
      : Buffer.from(context.random(32)).toString("hex");
  const parts = {
    v: 1,
    // The registry's own text: what is one object need not be compared letter by letter again.
    tool: spec?.id ?? tool,
    ...sealedInput(principal, tool, text),
    identity,
    callKey,
    actionId: uuidv8(callKey),
    principal,
    session: call.session ?? null,
    labels: sealedLabels(call.labels ?? null),
    schemaDigest: spec?.schemaDigest ?? null,
    requestedAt: context.store.now(),
  } as const;
  return sealedAction(parts, spec);
}

/** The same call with another tool or input: what a transform asks to be decided next. */
export function reseal(action: Action, tool: string, input: Json, spec: ToolSpec | undefined): Action {
  const sealed = sealedInput(action.principal, tool, canonicalText(input));
  return sealedAction({ ...action, tool, ...sealed, schemaDigest: spec?.schemaDigest ?? null }, spec);
}

/** The call that an approval is about, as the approval has it. */
export function reopen(scope: Scope, approval: Approval): Action {
  const spec = scope.context.registry.get(approval.tool);
  const parts = {
    v: 1,
    tool: approval.tool,
    ...sealedInput(approval.principal, approval.tool, approval.text),
    identity: approval.identity,
    callKey: approval.callKey,
    actionId: approval.actionId,
    principal: approval.principal,
    session: approval.session,
    labels: approval.labels,
    schemaDigest: spec?.schemaDigest ?? null,
    requestedAt: approval.requestedAt,
  } as const;
  return sealedAction(parts, spec);
}

function sealedInput(
  principal: Principal,
  tool: string,
  text: string,
): Pick<Action, "input" | "text" | "inputDigest" | "digest"> {
  const input = freeze(JSON.parse(text) as Json);
  return {
    input,
    text,
    inputDigest: sha256Hex(text),
    digest: actionDigest(principal, tool, text),
  };
}

function inputText(input: unknown, spec: ToolSpec | undefined): string {
  const encoded = spec?.encode === undefined ? input : encode(input, spec.encode);
  if (typeof encoded === "string") return canonicalText({ input: encoded });
  return canonicalText(encoded === undefined ? {} : encoded);
}

function encode(input: unknown, encoder: (input: unknown) => unknown): unknown {
  try {
    return encoder(input);
  } catch (cause) {
    throw new LeashError("LEASH_INPUT_INVALID", "The tool's own encoder refused the input.", { cause });
  }
}

function freeze(value: Json): Json {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}

const NO_LABELS: CallLabels = Object.freeze({});

function sealedLabels(labels: CallLabels | null): CallLabels {
  if (labels === null) return NO_LABELS;
  return freeze(JSON.parse(canonicalText(labels)) as Json) as CallLabels;
}
