import { argumentReader, type Gate, isNarrowedFrom, LeashError, schemaDigest } from "@leashkit/core";
import type { HelloTool } from "./framework.ts";
import { guardCall } from "./guard.ts";
import { settingsOf, type Settings, type WrapOptions } from "./options.ts";

/**
 * Puts a gate before every tool of an array and registers each under its own name. The tools passed in stay bare: give the
 * framework only those that are returned. Wrapping again with the same gate changes nothing.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for wrong options, a schema that is none, or a name that another tool has;
 * `LEASH_TOOL_UNSUPPORTED` for a tool behind another gate.
 * @example const turn = await runTurn(wrapTools([greet], leash), calls);
 */
export function wrapTools(tools: readonly HelloTool[], leash: Gate, options?: WrapOptions): readonly HelloTool[] {
  const settings = settingsOf(options);
  return tools.map((tool) => wrapTool(tool, leash, settings));
}

/** What stands behind a wrapped tool. */
export interface Wrapped {
  readonly gate: Gate;
  /** The registered name. */
  readonly id: string;
  readonly bare: HelloTool;
}

const wrappedTools = new WeakMap<HelloTool, Wrapped>();

/** Undefined for a bare tool. */
export function wrappedOf(tool: HelloTool): Wrapped | undefined {
  return wrappedTools.get(tool);
}

function wrapTool(tool: HelloTool, gate: Gate, settings: Settings): HelloTool {
  const known = wrappedOf(tool);
  if (known !== undefined && (known.gate === gate || isNarrowedFrom(known.gate, gate))) return tool;
  if (known !== undefined) throw behindAnother(known);
  // #region register
  const stated = Object.hasOwn(settings.registrations, tool.name) ? settings.registrations[tool.name] : undefined;
  const { id } = gate.register({
    origin: "hello",
    schemaDigest: schemaDigest(tool.parameters),
    ...stated,
    id: tool.name.normalize("NFC"),
  });
  // #endregion
  const guarded = { gate, id, bare: tool, read: argumentReader(tool.parameters), pause: settings.pause };
  const wrapped: HelloTool = { ...tool, execute: (input, context) => guardCall(guarded, input, context) };
  wrappedTools.set(wrapped, { gate, id, bare: tool });
  return wrapped;
}

/** Both gates would take it for one and the same call, and the inner one wait for the outer one. */
function behindAnother({ id }: Wrapped): LeashError {
  return new LeashError(
    "LEASH_TOOL_UNSUPPORTED",
    `The tool ${JSON.stringify(id)} stands behind another gate. Wrap the bare tool.`,
  );
}
