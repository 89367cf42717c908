import { LeashError, type Leash, type Narrowing } from "@leashkit/core";
import type { AgentMiddleware } from "langchain";
import { leashed, type LeashedParts } from "./leashed.ts";
import type { LeashMiddlewareOptions } from "./middleware.ts";
import type { WrappedTools } from "./wrap.ts";

/** A sub-agent as `createDeepAgent` takes it: by its parts, compiled (`runnable`), or on a server (`graphId`). */
export interface DeepSubAgent {
  name: string;
  tools?: object[];
  middleware?: readonly AgentMiddleware[];
}

/** The sub-agent that deepagents adds by itself, made visible so that it can be put on a leash. */
export interface GeneralPurposeAgent {
  readonly name: "general-purpose";
  readonly description: string;
  readonly systemPrompt: string;
}

export interface DeepAgentOptions<Tools, Middleware, Subagents, Skills> {
  readonly tools?: Tools;
  readonly middleware?: Middleware;
  readonly subagents?: Subagents;
  /** Those of the agent itself. Stated here, because the general-purpose agent has them, too. */
  readonly skills?: Skills;
  readonly leash: Leash;
  /** What sub-agents may do at most, by name. Each has its own name in the chain; without an entry it may do what the leash may. */
  readonly narrow?: Readonly<Record<string, Narrowing>>;
  /**
   * Names of sub-agents whose calls are not decided by what is returned here: compiled ones, whose tools you put on a leash where
   * you make them, and those on a server. Default none: one that is not listed throws.
   */
  readonly guardedElsewhere?: readonly string[];
  /** `patch` is not among them: agents share tools, and a tool that is guarded in place has one gate. */
  readonly options?: Omit<LeashMiddlewareOptions, "patch">;
}

/** The parts for `createDeepAgent`, and the leashes for `resumeLeash`. */
export interface LeashedDeepAgent<
  Tools extends readonly object[],
  Middleware extends readonly AgentMiddleware[],
  Subagents extends readonly DeepSubAgent[],
  Skills,
> extends LeashedParts<WrappedTools<Tools>, [...Middleware, AgentMiddleware]> {
  readonly subagents: WithGeneralPurpose<Subagents>;
  readonly skills: Skills;
  /** The leash, and each sub-agent's own. */
  readonly leashes: readonly Leash[];
}

type WithGeneralPurpose<Subagents extends readonly DeepSubAgent[]> = [
  Extract<Subagents[number], Pick<GeneralPurposeAgent, "name">>,
] extends [never]
  ? readonly [...Subagents, GeneralPurposeAgent]
  : Subagents;

const GENERAL_PURPOSE: GeneralPurposeAgent = {
  name: "general-purpose",
  description:
    "Has the same tools as you. Give it a task of many steps whose details you need not see, such as searching files, and say what to report back.",
  systemPrompt: "Do the task that you are given with the tools that you have, and report what was asked for.",
};

/** What deepagents gives every sub-agent. The general-purpose one has the agent's own in their place, where there is one so named. */
const BUILT_IN = ["FilesystemMiddleware", "SummarizationMiddleware", "patchToolCallsMiddleware", "SkillsMiddleware"];

/**
 * Puts an agent of the package deepagents on a leash, as a whole: its tools, those that its middleware brings along (files, `task`),
 * and all of that again in each sub-agent, behind a leash of the sub-agent's own. Among them the general-purpose agent, which
 * deepagents otherwise adds without any middleware of yours. For `task` the schema's digest is not compared: deepagents writes
 * the sub-agents' names into it.
 *
 * What deepagents itself puts aside in its backend (large results, old messages) is no tool call, and passes no gate.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for a sub-agent that cannot be reached, or a narrowing of none; and as `leashed`.
 * @example
 * const { leashes, ...parts } = leashedDeepAgent({ tools, subagents, leash, narrow: { reader: { tools: ["read_file"] } } });
 * const agent = createDeepAgent({ model, checkpointer, ...parts });
 * const result = await resumeLeash(agent, config, { leash: leashes });
 */
export function leashedDeepAgent<
  const Tools extends readonly object[] = readonly [],
  const Middleware extends readonly AgentMiddleware[] = readonly [],
  const Subagents extends readonly DeepSubAgent[] = readonly [],
  const Skills extends readonly string[] | undefined = undefined,
>(
  given: DeepAgentOptions<Tools, Middleware, Subagents, Skills>,
): LeashedDeepAgent<Tools, Middleware, Subagents, Skills> {
  const { tools = [], middleware = [], subagents = [], skills, leash, narrow = {} } = given;
  const options = optionsOf(given.options);
  const all = [...subagents, ...generalPurpose(subagents, middleware, skills)];
  const reached = all.filter((agent) => isReached(agent, given.guardedElsewhere ?? []));
  const children = new Map(reached.map(({ name }) => [name, leash.narrow({ agent: name, ...narrow[name] })]));
  refuseNarrowingOfNone(Object.keys(narrow), children);
  const guarded = all.map((agent) => {
    const child = children.get(agent.name);
    if (child === undefined) return agent;
    const parts = { tools: agent.tools ?? tools, middleware: agent.middleware ?? [] };
    return { ...agent, ...leashed({ ...parts, leash: child, options }) };
  });
  const parts = { ...leashed({ tools, middleware, leash, options }), subagents: guarded, skills };
  const leashes = [leash, ...children.values()];
  // The same parts, agent by agent, and one more agent where it was not among them.
  return { ...parts, leashes } as unknown as LeashedDeepAgent<Tools, Middleware, Subagents, Skills>;
}

function generalPurpose(
  subagents: readonly DeepSubAgent[],
  middleware: readonly AgentMiddleware[],
  skills: readonly string[] | undefined,
): readonly DeepSubAgent[] {
  if (subagents.some(({ name }) => name === GENERAL_PURPOSE.name)) return [];
  const inherited = middleware.filter(({ name }) => BUILT_IN.includes(name));
  return [{ ...GENERAL_PURPOSE, middleware: inherited, ...(skills !== undefined && { skills }) }];
}

/** @throws {LeashError} for a sub-agent whose calls would run undecided. */
function isReached(agent: DeepSubAgent, elsewhere: readonly string[]): boolean {
  const compiled = "runnable" in agent;
  if (!compiled && !("graphId" in agent)) return true;
  if (elsewhere.includes(agent.name)) return false;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    `The sub-agent ${JSON.stringify(agent.name)} ${compiled ? "is compiled" : "runs on a server"}, so that its calls would run undecided. ` +
      "Put its tools on a leash where it is made, then list it in `guardedElsewhere`; or state its parts instead.",
  );
}

function refuseNarrowingOfNone(names: readonly string[], children: ReadonlyMap<string, Leash>): void {
  const missing = names.find((name) => !children.has(name));
  if (missing === undefined) return;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    `There is no sub-agent ${JSON.stringify(missing)} to narrow: it is not among \`subagents\`, or is guarded elsewhere. Correct the name, or narrow the leash where that agent is made.`,
  );
}

function optionsOf(options: LeashMiddlewareOptions = {}): LeashMiddlewareOptions {
  if (options.patch === true) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "Tools that several agents share cannot be guarded in place (`patch`): each agent needs a gate of its own. Leave the option out.",
    );
  }
  const { registrations } = options;
  return {
    ...options,
    registrations: { ...registrations, task: { schemaDigest: null, ...registrations?.["task"] } },
  };
}
