import { type Gate, isNarrowedFrom } from "@leashkit/core";
import { consumeOutput } from "./events.ts";
import { guardCall, type Guarded } from "./guard.ts";
import { kindOf, nameOf, overridesInvoke, unsupported, type CallableTool, type ProviderTool } from "./kinds.ts";
import { markOf, rawOf, rememberRaw } from "./marks.ts";
import { settingsOf, type Settings, type WrapOptions } from "./options.ts";
import { patchTool } from "./patch.ts";
import { guardedView, type Work } from "./proxy.ts";
import { registerTool } from "./registration.ts";
import { takesText } from "./schemas.ts";
import { rebuildRunnableTool, workOf } from "./runnable.ts";
import type { ToolConfig } from "./site.ts";
import type { RunnableToolLike } from "@langchain/core/runnables";

/**
 * Puts a gate before every tool of an array: LangChain tools (made from functions, classes, MCP servers, runnables), whatever
 * schema they use. Each tool is registered with the gate under its own name; the policy sees the arguments after the tool's
 * schema has parsed them, and the tool gets exactly what was decided. Wrapping twice with the same gate changes nothing;
 * another gate stands in front of the first, but a narrowed one takes the place of the one it was made from, and knows of the
 * tools what was stated to that one.
 *
 * Not reached: tools that middleware or sub-agents bring along (use `leashMiddleware`), and provider-run tools.
 *
 * @throws {LeashError} `LEASH_TOOL_UNSUPPORTED` for anything that cannot be guarded, `LEASH_CONFIG_INVALID` for wrong options or
 * when a tool's name is taken by another tool.
 * @example
 * const agent = createAgent({ model, tools: wrapTools([search, sendMail], leash) });
 */
export function wrapTools<const T extends readonly object[]>(
  tools: T,
  leash: Gate,
  options?: WrapOptions,
): WrappedTools<T> {
  return tools.map((tool) => wrapTool(tool, leash, options)) as unknown as WrappedTools<T>;
}

/** The same tuple of the same tools; not `readonly`, as `createAgent` wants it. */
export type WrappedTools<T extends readonly object[]> = { -readonly [Position in keyof T]: T[Position] };

interface Wrapped {
  readonly options: WrapOptions | undefined;
  readonly tool: object;
}

/** A tool, and how a gate is to be put before it. */
interface Wrapping {
  readonly tool: object;
  readonly settings: Settings;
}

const wrappers = new WeakMap<object, WeakMap<Gate, Wrapped>>();

/**
 * Puts a gate before one tool; see `wrapTools`.
 * @example const guarded = wrapTool(sendMail, leash, { pause: "hold" });
 */
export function wrapTool<T extends object>(tool: T, leash: Gate, options?: WrapOptions): T {
  const mark = markOf(tool);
  if (mark === true || mark === leash) return tool;
  // A child's gate decides by all that its parent's does: the parent's in front of it would only ask and count twice.
  if (mark !== undefined && isNarrowedFrom(mark, leash)) return tool;
  const known = wrappers.get(tool)?.get(leash);
  if (known !== undefined && known.options === options) return known.tool as T;
  const wrapped = wrapAnew(tool, leash, settingsOf(options));
  const byGate = wrappers.get(tool) ?? new WeakMap<Gate, Wrapped>();
  wrappers.set(tool, byGate.set(leash, { options, tool: wrapped }));
  return wrapped as T;
}

/**
 * What stands behind the gates that this one was narrowed from. It takes their place: it decides by all that they do, and they
 * behind it would only ask and count twice. A tool that was guarded in place (`patch`) cannot be had without its gate, and keeps it.
 */
function withoutParents(own: Wrapping, gate: Gate): Wrapping {
  const mark = markOf(own.tool);
  if (mark === undefined || mark === true || !isNarrowedFrom(gate, mark)) return own;
  const theirs = rawOf(own.tool);
  if (theirs?.tool === undefined) return own;
  return withoutParents({ tool: theirs.tool, settings: together(own.settings, theirs.settings) }, gate);
}

/** What was stated of tools holds for both; how a person is waited for, and how a refusal is told, is each one's own. */
function together(own: Settings, theirs: Settings): Settings {
  return {
    ...own,
    registrations: { ...theirs.registrations, ...own.registrations },
    invokeOverrides: [...theirs.invokeOverrides, ...own.invokeOverrides],
    applySchemaDefaults: theirs.applySchemaDefaults || own.applySchemaDefaults,
    trustAnnotations: theirs.trustAnnotations || own.trustAnnotations,
  };
}

function wrapAnew(given: object, gate: Gate, stated: Settings): object {
  const own = { tool: given, settings: stated };
  const { settings, tool } = stated.patch ? own : withoutParents(own, gate);
  const found = kindOf(tool);
  if (found.kind === "provider") return allowProviderTool(found.tool, settings);
  if (found.kind === "runnable") return wrapRunnable(found.tool, gate, settings);
  return wrapCallable(found.tool, gate, settings);
}

function wrapCallable(tool: CallableTool, gate: Gate, settings: Settings): object {
  if (overridesInvoke(tool) && !settings.invokeOverrides.includes(tool.name)) {
    throw unsupported(
      nameOf(tool),
      "its class overrides `invoke` or `call`, where work would pass unguarded; list it in `invokeOverrides` if its work is done in `_call`",
    );
  }
  const { id } = registerTool(tool, gate, settings);
  const pair = (): boolean => tool.responseFormat === "content_and_artifact";
  const bareCall: Work = Reflect.get(tool, "_call");
  const guard = (work: Work): Work =>
    guarded(() => ({ gate, settings, id, schema: tool.schema, pair: pair() }), consumeOutput(work));
  const run = consumeOutput((...args) => Reflect.apply(bareCall, tool, args));
  const wrapped = settings.patch ? patchTool(tool, gate, guard) : guardedView(tool, gate, guard);
  const passedIn = wrapped === tool ? undefined : tool;
  rememberRaw(wrapped, { id, pair, takesText: () => takesText(tool.schema), run, settings, tool: passedIn });
  return wrapped;
}

function wrapRunnable(tool: RunnableToolLike, gate: Gate, settings: Settings): object {
  const { id } = registerTool(tool, gate, settings);
  const last = workOf(tool);
  const work: Work = (input, _runManager, config) => last.invoke(input, config as Parameters<typeof last.invoke>[1]);
  const target: Guarded = { gate, settings, id, schema: tool.schema, pair: false };
  const wrapped = rebuildRunnableTool(
    tool,
    gate,
    guarded(() => target, work),
  );
  rememberRaw(wrapped, { id, pair: () => false, takesText: () => takesText(tool.schema), run: work, settings, tool });
  return wrapped;
}

function guarded(target: () => Guarded, work: Work): Work {
  return (input, runManager, config) =>
    guardCall(target(), input, toolConfig(config), (decided) => work(decided, runManager, config));
}

function toolConfig(config: unknown): ToolConfig {
  return typeof config === "object" && config !== null ? config : {};
}

function allowProviderTool(tool: ProviderTool, settings: Settings): object {
  const names = [tool.type, tool["name"]];
  if (settings.providerTools.some((listed) => names.includes(listed))) return tool;
  throw unsupported(
    `${nameOf(tool)} (${JSON.stringify(tool.type)})`,
    "it runs at the model's provider, where no call can be gated; list it in `providerTools` to let it through",
  );
}
