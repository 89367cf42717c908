import { type Gate, isNarrowedFrom, LeashError, readOptions } from "@leashkit/core";
import { register } from "./catalogue.ts";
import { isObject, text } from "./members.ts";
import type { Registrations } from "./options.ts";
import { gatedParse } from "./runner-arguments.ts";
import { gatedFunction } from "./runner-function.ts";

/** How tools are wrapped. Every option can be left out. */
export interface WrapOptions {
  /** The policy's session. */
  readonly session?: string;
  /** What you state of single tools, by tool name; wins over what the adapter knows of them. */
  readonly registrations?: Registrations;
}

/**
 * Puts a gate before every tool of an array for `client.chat.completions.runTools`: tools with a `function`, and those that
 * `zodFunction` makes. The policy sees what the tool's `parse` made of the arguments, and the tool gets exactly what was decided.
 * A tool without `parse` gets it as JSON text; its arguments are checked against its `parameters`.
 *
 * The runner cannot pause: where a person is asked, the call waits in the process. A refusal is the tool's result; what the tool
 * throws ends the runner, as it does without a gate. What `parse` returns must be plain data: a call with a date or a class
 * instance in it is refused, unless the tool's registration can `encode` it. The tools passed in stay as they are. Wrapping again
 * with the same gate changes nothing; another gate stands in front of the first, but a narrowed one takes the place of the one it
 * was made from, with the options that were given to that one and not to it.
 *
 * @throws {LeashError} `LEASH_TOOL_UNSUPPORTED` for anything that the runner could not run as a function,
 * `LEASH_CONFIG_INVALID` for wrong options or when a tool's name is taken by another tool.
 * @example
 * const runner = client.chat.completions.runTools({ model, messages, tools: wrapTools(tools, leash) });
 */
export function wrapTools<const T extends readonly object[]>(tools: T, gate: Gate, options?: WrapOptions): Wrapped<T> {
  const settings = readOptions<Settings>("wrapping tools", options, { session: undefined, registrations: {} });
  return tools.map((tool) => wrapTool(tool, gate, settings)) as unknown as Wrapped<T>;
}

/** The same tuple of the same tools; not `readonly`, as `runTools` wants it. */
export type Wrapped<T extends readonly object[]> = { -readonly [Position in keyof T]: T[Position] };

interface Settings {
  readonly session: string | undefined;
  readonly registrations: Registrations;
}

/** A function with what it is a method of. */
interface Work {
  readonly work: Function;
  readonly owner: object;
}

/** What stands behind a gated function, and which gate: of the function, as another one may since have been put into the tool. */
const behind = new WeakMap<Function, Work & { readonly gate: Gate; readonly settings: Settings }>();

/** True also behind a child's gate, which decides by all that its parent's does. */
function isBehind(known: Gate | undefined, gate: Gate): boolean {
  return known !== undefined && (known === gate || isNarrowedFrom(known, gate));
}

/**
 * What stands behind the gates that this one was narrowed from: it takes their place, or a call would be asked about twice. Where
 * both know the calls by another session, both stay.
 */
function withoutParents(given: Work, gate: Gate, session: string | undefined): Work {
  const found = behind.get(given.work);
  if (found === undefined || !isNarrowedFrom(gate, found.gate)) return given;
  return session === (found.settings.session ?? session) ? withoutParents(found, gate, session) : given;
}

/** With what was stated to the gates that this one was narrowed from, and not to it. */
function withTheirs(own: Settings, works: readonly Function[], gate: Gate): Settings {
  const theirs = works.map((work) => behind.get(work)).find((found) => found && isNarrowedFrom(gate, found.gate));
  if (theirs === undefined) return own;
  const { registrations, session } = theirs.settings;
  return { session: own.session ?? session, registrations: { ...registrations, ...own.registrations } };
}

function wrapTool(tool: object, gate: Gate, own: Settings): object {
  const { description, id, works } = runnable(tool);
  if (works.every((work) => isBehind(behind.get(work)?.gate, gate))) return tool;
  const schema = member(description, "parameters");
  const settings = withTheirs(own, works, gate);
  const { session } = settings;
  register(gate, id, schema, settings.registrations);
  /** One place where a tool keeps its work, with the place of its `parse`. */
  const guard = (holder: object, workKey: string, parseKey: string): Readonly<Record<string, unknown>> => {
    const [work, parse] = [member(holder, workKey), member(holder, parseKey)];
    const guarded = { id, gate, session, schema, parses: isFunction(parse) };
    const bare = isFunction(work) ? withoutParents({ work, owner: description }, gate, session) : undefined;
    const gated = bare && gatedFunction(guarded, bare.work, bare.owner);
    if (bare && gated) behind.set(gated, { ...bare, gate, settings });
    return {
      ...(gated !== undefined && { [workKey]: gated }),
      ...(isFunction(parse) && { [parseKey]: gatedParse(parse, description) }),
    };
  };
  return copyWith(tool, {
    ...guard(tool, "$callback", "$parseRaw"),
    function: copyWith(description, { ...guard(description, "function", "parse"), name: id }),
  });
}

interface Runnable {
  readonly description: object;
  readonly id: string;
  readonly works: readonly Function[];
}

/** What the runner could run. `zodFunction` keeps the work beside the description; the client's version decides which one runs. */
function runnable(tool: object): Runnable {
  const description = member(tool, "function");
  if (member(tool, "type") !== "function" || !isObject(description)) throw unsupported("it is no function tool");
  const work = member(description, "function");
  const works = [work, member(tool, "$callback")].filter(isFunction);
  if (works.length === 0) throw unsupported("it has no function to run");
  const id = text(member(description, "name")) ?? (isFunction(work) ? text(work.name) : undefined);
  if (id === undefined) throw unsupported("it has no name");
  return { description, id, works };
}

/** Classes may define a tool's members. */
function member(value: object, key: string): unknown {
  return key in value ? (Reflect.get(value, key) as unknown) : undefined;
}

function isFunction(value: unknown): value is Function {
  return typeof value === "function";
}

/** Keeps the prototype, and members that are not enumerable: a spread would lose both. */
function copyWith(source: object, members: Readonly<Record<string, unknown>>): object {
  const descriptors: PropertyDescriptorMap = { ...Object.getOwnPropertyDescriptors(source) };
  for (const [key, value] of Object.entries(members)) {
    const enumerable = descriptors[key]?.enumerable ?? true;
    descriptors[key] = { value, enumerable, configurable: true, writable: true };
  }
  return Object.create(Object.getPrototypeOf(source) as object | null, descriptors) as object;
}

function unsupported(problem: string): LeashError {
  return new LeashError(
    "LEASH_TOOL_UNSUPPORTED",
    `A tool cannot be guarded for runTools: ${problem}. Pass function tools with a name and a function; for others write the loop with createInterceptor.`,
  );
}
