import { LeashError, type Gate, type Json, type Permit } from "@leashkit/core";
import { loadCommand, resultCodec } from "./codec.ts";
import type { Settings } from "./options.ts";
import { isBubbleUp, waitingFor } from "./pause.ts";
import { refuse } from "./refusal.ts";
import { withDefaults } from "./schemas.ts";
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
  const ran: { thrown?: unknown } = {};
  try {
    return await gate.guard<unknown>(
      { tool: id, input, ...site.identity },
      async (sealed, permit) => {
        checkTool(permit, id);
        if (permit.approvalId !== null) waiting.beforeRun();
        return remember(ran, () => within(site, () => run(openInput(sealed, input, permit))));
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
  } catch (error) {
    // The tool's own exceptions, refusals of calls that it made itself among them, are not this gate's refusals.
    if ("thrown" in ran && ran.thrown === error) throw error;
    return refuse(error, { tool: id, toolCallId: site.toolCallId, pair: guarded.pair }, settings.onDeny);
  }
}

async function remember(ran: { thrown?: unknown }, run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    ran.thrown = error;
    throw error;
  }
}

/** Text and missing input are sealed as objects (`{ "input": text }`, `{}`); the tool gets them back in its own form. */
function openInput(sealed: Json, proposed: unknown, permit: Permit): unknown {
  const wasText = typeof proposed === "string" || proposed === undefined;
  if (!wasText || permit.mode === "observe") return sealed;
  return typeof sealed === "object" && sealed !== null && "input" in sealed ? sealed.input : undefined;
}

/** @throws {LeashError} `LEASH_TOOL_UNSUPPORTED` when the policy swapped the tool for another one. */
export function checkTool(permit: Permit, id: string): void {
  if (permit.tool === id) return;
  throw new LeashError(
    "LEASH_TOOL_UNSUPPORTED",
    `The policy swapped ${JSON.stringify(id)} for another tool, which a LangChain tool cannot run. Deny the call instead.`,
  );
}
