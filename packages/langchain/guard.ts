import { NoEffect, sealedText, withDefaults, type Gate, type Json, type Permit } from "@leashkit/core";
import { loadCommand, resultCodec } from "./codec.ts";
import { withNotice } from "./notice.ts";
import type { Settings } from "./options.ts";
import { isBubbleUp, waitingFor } from "./pause.ts";
import { refuse } from "./refusal.ts";
import { siteOf, within, type ToolConfig } from "./site.ts";

/** One tool behind one gate. */
export interface Guarded {
  readonly gate: Gate;
  readonly settings: Settings;
  /** The registered name. */
  readonly id: string;
  readonly schema: unknown;
  /** True for `responseFormat: "content_and_artifact"`. */
  readonly pair: boolean;
}

/** The tool's own work, given the input that was decided. */
export type RawRun = (input: unknown) => unknown;

/**
 * One call through the gate. `proposed` is what the framework's schema parse left of the model's arguments: exactly what the
 * tool would have got. What the tool gets is a fresh copy of what was decided.
 */
export async function guardCall(
  guarded: Guarded,
  proposed: unknown,
  config: ToolConfig,
  run: RawRun,
): Promise<unknown> {
  const { gate, settings, id } = guarded;
  const site = siteOf(config, id, proposed);
  const waiting = waitingFor(settings.pause, site);
  const input = settings.applySchemaDefaults ? withDefaults(proposed, guarded.schema) : proposed;
  const outcome = await gate.attempt<unknown>(
    { tool: id, input, ...site.identity },
    (sealed, permit) => {
      if (permit.approvalId !== null) waiting.beforeRun();
      return within(site, () => run(openInput(sealed, input, permit)));
    },
    {
      ...(waiting.pause !== undefined && { pause: waiting.pause }),
      ...(waiting.onHold !== undefined && { onHold: waiting.onHold }),
      adapter: "langchain",
      codec: resultCodec(site.durable ? await loadCommand() : undefined),
      suspends: isBubbleUp,
      ...(config.signal !== undefined && { signal: config.signal }),
    },
  );
  if (outcome.kind === "failed") throw outcome.error;
  const to = { tool: id, toolCallId: site.toolCallId, pair: guarded.pair };
  if (outcome.kind === "result") return withNotice(outcome, to, settings.onDeny === "return");
  return refuse(outcome, to, settings.onDeny);
}

/** Text and missing input are sealed as objects (`{ "input": text }`, `{}`); the tool gets them back in its own form. */
function openInput(sealed: Json, proposed: unknown, permit: Permit): unknown {
  const wasText = typeof proposed === "string" || proposed === undefined;
  if (!wasText || permit.mode !== "enforce") return sealed;
  const text = sealedText(sealed);
  if (text !== undefined || proposed === undefined) return text;
  throw new NoEffect(
    "The policy computed other arguments than the one text that this tool takes. Deny the call instead.",
  );
}
