import { type Gate, LeashError, schemaDigest } from "@leashkit/core";
import type { BaseTool, BaseToolWithCall } from "@llamaindex/core/llms";
import { hidesItsRules, toolArguments } from "./arguments.ts";
import { watchCallIds } from "./call-ids.ts";
import { guardCall, type Layer } from "./guard.ts";
import { layerOf, needsNoGate, rememberGuarded, type Rules } from "./marks.ts";
import { settingsOf, type LeashToolOptions, type Settings, type WrapOptions } from "./options.ts";
import { isBehind, withoutParents } from "./parents.ts";
import { guardedView } from "./view.ts";

/**
 * Puts a gate before one tool: a `FunctionTool`, a `QueryEngineTool`, any object with `metadata` and `call`. The tool is registered
 * under its own name; the policy sees its arguments checked by its schema, with defaults, and the tool gets exactly what was
 * decided. `instanceof`, `metadata` and types stay as they are, and what `bind` returns is guarded too; `call` always answers with a
 * promise. Wrapping again with the same gate changes nothing; another gate stands in front of the first, but a narrowed
 * one takes the place of the one it was made from, with the options that were given to that one and not to it.
 *
 * @throws {LeashError} `LEASH_TOOL_UNSUPPORTED` for what cannot be guarded, `LEASH_CONFIG_INVALID` for wrong options, a schema that is
 * none, or when the tool's name is taken by another tool.
 * @example
 * const workflow = agent({ llm, tools: [leashTool(sendMoney, leash)] });
 */
export function leashTool<T extends BaseToolWithCall>(tool: T, leash: Gate, options: LeashToolOptions = {}): T {
  const { parameters, ...wrapping } = options;
  return wrap(tool, leash, settingsOf(wrapping), { parameters, parsesAgain: true });
}

/** The same for a tool that runs on what it is given and parses nothing again. */
export function leashParsed<T extends BaseToolWithCall>(
  tool: T,
  leash: Gate,
  options: WrapOptions,
  parameters: unknown,
): T {
  return wrap(tool, leash, settingsOf(options), { parameters, parsesAgain: false });
}

/** What holds agents: LlamaIndex's `AgentWorkflow`. */
export interface HoldsAgents {
  getAgents(): readonly { readonly tools: BaseToolWithCall[] }[];
}

/**
 * Puts a gate before every tool of an array (which stays as it is: pass only the new one to agents), or of all agents of an
 * `AgentWorkflow`, in place: with it also the `handOff` that LlamaIndex generates. An agent added to the workflow later is not
 * covered; wrap again then.
 *
 * @throws as `leashTool`; then nothing was changed.
 * @example
 * const workflow = wrapTools(multiAgent({ agents: [clerk, banker], rootAgent: clerk }), leash);
 */
export function wrapTools<const T extends readonly BaseToolWithCall[]>(
  tools: T,
  leash: Gate,
  options?: WrapOptions,
): WrappedTools<T>;
export function wrapTools<W extends HoldsAgents>(workflow: W, leash: Gate, options?: WrapOptions): W;
export function wrapTools(
  toolsOrWorkflow: readonly BaseToolWithCall[] | HoldsAgents,
  leash: Gate,
  options?: WrapOptions,
): unknown {
  const settings = settingsOf(options);
  const wrapAll = (tools: readonly BaseToolWithCall[]) => tools.map((tool) => wrap(tool, leash, settings, BY_ITS_OWN));
  if (!("getAgents" in toolsOrWorkflow)) return wrapAll(toolsOrWorkflow);
  const wrapped = toolsOrWorkflow.getAgents().map(({ tools }) => ({ tools, views: wrapAll(tools) }));
  for (const { tools, views } of wrapped) tools.splice(0, tools.length, ...views);
  return toolsOrWorkflow;
}

/** The same tuple of the same tools; not `readonly`, as agents want it. */
export type WrappedTools<T extends readonly object[]> = {
  -readonly [Position in keyof T]: T[Position];
};

const BY_ITS_OWN: Rules = { parameters: undefined, parsesAgain: true };

function wrap<T extends BaseTool>(given: T, gate: Gate, own: Settings, stated: Rules): T {
  if (needsNoGate(given) || isBehind(layerOf(given), gate)) return given;
  const { rules, settings, tool } = withoutParents({ tool: given, rules: stated, settings: own }, gate);
  const { name, call } = partsOf(tool);
  const beneath = layerOf(tool);
  // A gate beneath reads the arguments itself, and stands between this one and the tool's own parse.
  const isSeen = beneath !== undefined || !rules.parsesAgain || rules.parameters !== undefined;
  if (!isSeen && hidesItsRules(tool.metadata.parameters)) throw unseen(name);
  watchCallIds();
  const id = register(tool, name, gate, settings);
  const read = toolArguments({ ...rules, schema: tool.metadata.parameters });
  const layer: Layer = {
    gate,
    settings,
    id,
    read,
    parsesAgain: rules.parsesAgain,
    beneath,
    work: (input) => Reflect.apply(call, tool, [input]),
  };
  const guarded = (input: unknown): Promise<unknown> => guardCall(layer, input);
  const view = guardedView(tool, {
    call: guarded,
    rebound: (bound) => wrap(bound as BaseTool, gate, settings, rules),
  });
  rememberGuarded(view, guarded, { layer, tool, rules });
  return view;
}

function register({ metadata }: BaseTool, name: string, gate: Gate, { registrations }: Settings): string {
  const stated = Object.hasOwn(registrations, name) ? registrations[name] : undefined;
  return gate.register({
    origin: "llamaindex",
    schemaDigest: schemaDigest(metadata.parameters),
    ...stated,
    id: name.normalize("NFC"),
  }).id;
}

/** What comes here is only typed as a tool: it may come from anywhere. */
function partsOf(tool: BaseTool): {
  readonly name: string;
  readonly call: NonNullable<BaseTool["call"]>;
} {
  const given: unknown = tool;
  if (typeof given !== "object" || given === null) throw unsupported("it is no object");
  const { metadata, call } = tool as Partial<BaseTool>;
  if (typeof metadata?.name !== "string") throw unsupported("it has no `metadata.name`");
  if (typeof call !== "function") throw unsupported("it has no `call`", metadata.name);
  if (isFixed(tool, "call") || isFixed(tool, "bind")) throw unsupported("it is frozen or sealed", metadata.name);
  return { name: metadata.name, call };
}

function isFixed(tool: object, key: string): boolean {
  return Object.getOwnPropertyDescriptor(tool, key)?.configurable === false;
}

function unseen(name: string): LeashError {
  return new LeashError(
    "LEASH_TOOL_UNSUPPORTED",
    `The tool ${JSON.stringify(name)} has a schema that may come from a zod before 4.2 (it has a \`$schema\`), whose refinements and transforms ` +
      "cannot be seen: it could run with other arguments than were decided. Pass its schema: `leashTool(tool, leash, { parameters: schema })`.",
  );
}

function unsupported(why: string, name?: string): LeashError {
  const what = name === undefined ? "A thing that was given as a tool" : `The tool ${JSON.stringify(name)}`;
  return new LeashError(
    "LEASH_TOOL_UNSUPPORTED",
    `${what} cannot be put behind a gate: ${why}. Pass a LlamaIndex tool with \`metadata\` and \`call\`.`,
  );
}
