import { LeashError, type Gate } from "@leashkit/core";
import type { JSONValue } from "@llamaindex/core/global";
import type { BaseToolWithCall } from "@llamaindex/core/llms";
import { leashedTool, type InputOf, type LeashedTool, type ToolParameters } from "./leashed-tool.ts";
import type { WrapOptions } from "./options.ts";

export interface LeashedMethod<P extends ToolParameters> extends WrapOptions {
  readonly leash: Gate;
  readonly description: string;
  readonly parameters: P;
  /** The tool's name. Default: the method's. */
  readonly name?: string;
}

/** A method that can be a tool: one argument, as the schema parses it, and a promise. */
type Method<P extends ToolParameters> = (this: never, input: InputOf<P>) => Promise<JSONValue>;

interface Registered {
  readonly tool: BaseToolWithCall;
  /** What the decorator put in the method's place. */
  readonly guarded: unknown;
}

/** By the method's name. */
const registered = new WeakMap<object, Map<string, Registered>>();

/**
 * A standard (TC39) decorator that puts a method behind a gate and makes it a tool; see `toolsFrom`. A call of the method itself
 * passes the gate too and throws its refusals. Arguments are parsed once and the method gets exactly what was decided, as with
 * `leashedTool`; private members stay in reach.
 *
 * @throws {LeashError} when an instance is made: as `leashedTool`, and `LEASH_CONFIG_INVALID` for two methods of one tool name. At once:
 * `LEASH_CONFIG_INVALID` where it stands on something else than a public method of an instance.
 * @example
 * class Bank {
 *   @leashed({ leash, description: "Sends money.", parameters: z.object({ to: z.string() }) })
 *   async sendMoney({ to }: { to: string }) { return `sent to ${to}`; }
 * }
 * const workflow = agent({ llm, tools: toolsFrom(new Bank()) });
 */
export function leashed<const P extends ToolParameters>({
  leash,
  description,
  parameters,
  name,
  ...options
}: LeashedMethod<P>): <M extends Method<P>>(method: M, context: ClassMethodDecoratorContext) => M {
  return function decorate<M extends Method<P>>(method: M, context: ClassMethodDecoratorContext): M {
    const own = methodName(context);
    const direct = new WeakMap<object, LeashedTool<P>>();
    context.addInitializer(function initialize(this: unknown) {
      const instance = this as object;
      const execute = (input: InputOf<P>): Promise<JSONValue> => Reflect.apply(method, instance, [input]);
      const parts = { name: name ?? own, description, parameters, execute };
      remember(instance, own, { tool: leashedTool(parts, leash, options), guarded });
      direct.set(instance, leashedTool(parts, leash, { ...options, onDeny: "throw" }));
    });
    const guarded = function (this: object, input: InputOf<P>): Promise<JSONValue> {
      const tool = direct.get(this);
      return tool === undefined ? Promise.reject(notMadeHere(own)) : tool.call(input);
    };
    return guarded as unknown as M;
  };
}

/**
 * The tools of an object whose class has decorated methods.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when it has none, or when a method that is no tool overrides one that is.
 * @example const tools = toolsFrom(new Bank());
 */
export function toolsFrom(instance: object): BaseToolWithCall[] {
  const methods = [...(registered.get(instance) ?? [])];
  const overridden = methods.find(([method, { guarded }]) => Reflect.get(instance, method) !== guarded);
  if (overridden !== undefined) throw notDecorated(overridden[0]);
  if (methods.length > 0) return methods.map(([, { tool }]) => tool);
  throw wrong("An object was asked for its tools and has none. Put `@leashed` on the methods that are tools.");
}

/** A method of a derived class takes the place of the one it overrides. */
function remember(instance: object, method: string, entry: Registered): void {
  const { name } = entry.tool.metadata;
  const methods = registered.get(instance) ?? new Map<string, Registered>();
  registered.set(instance, methods);
  for (const [other, { tool }] of methods) {
    if (other === method || tool.metadata.name !== name) continue;
    throw wrong(`Two methods of one class are tools of the name ${JSON.stringify(name)}. Give them two names.`);
  }
  methods.set(method, entry);
}

function methodName(context: ClassMethodDecoratorContext): string {
  if (context.kind === "method" && !context.static && !context.private && typeof context.name === "string") {
    return context.name;
  }
  throw wrong(
    "`@leashed` stands on something else than a public method of an instance with a plain name. Move it there.",
  );
}

function notDecorated(method: string): LeashError {
  return wrong(
    `The method ${JSON.stringify(method)} is a tool in a base class and is overridden without \`@leashed\`. Put it there too.`,
  );
}

function notMadeHere(method: string): LeashError {
  return wrong(
    `The method ${JSON.stringify(method)} was called on an object that its class did not make. Nothing ran.`,
  );
}

function wrong(message: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", message);
}
