import { LeashError, type Gate, type Json } from "@leashkit/core";
import type { JSONValue } from "@llamaindex/core/global";
import { FunctionTool } from "@llamaindex/core/tools";
import { isZodSchema, isZodV4Schema, z4, zodToJsonSchema, type ZodInfer, type ZodSchema } from "@llamaindex/core/zod";
import type { WrapOptions } from "./options.ts";
import { leashParsed } from "./wrap.ts";

/** zod 3, zod 4, or a JSON Schema of type `object`. */
export type ToolParameters = ZodSchema | { readonly type: "object"; readonly [keyword: string]: unknown };

/** What a tool gets: its arguments as the schema parsed them. */
export type InputOf<P extends ToolParameters> = P extends ZodSchema ? ZodInfer<P> : { readonly [key: string]: Json };

export interface LeashedToolParts<P extends ToolParameters> {
  readonly name: string;
  readonly description: string;
  readonly parameters: P;
  readonly execute: (input: InputOf<P>) => JSONValue | Promise<JSONValue>;
}

/** A LlamaIndex tool behind a gate. */
export type LeashedTool<P extends ToolParameters> = FunctionTool<InputOf<P>, Promise<JSONValue>>;

/**
 * A tool made behind a gate: its arguments are parsed once, before the policy looks, and `execute` runs on exactly the parsed
 * bytes that were decided. The form for schemas with refinements or transforms. What a transform makes of the arguments must be
 * plain JSON; for anything richer (dates, say) state `encode` and `decode` under `registrations`.
 *
 * @throws {LeashError} as `leashTool`.
 * @example
 * const sendMoney = leashedTool(
 *   { name: "send_money", description: "Sends money.", parameters: z.object({ to: z.string() }), execute: pay },
 *   leash,
 * );
 */
export function leashedTool<const P extends ToolParameters>(
  { name, description, parameters, execute }: LeashedToolParts<P>,
  leash: Gate,
  options: WrapOptions = {},
): LeashedTool<P> {
  const work = async (input: InputOf<P>): Promise<JSONValue> => execute(input);
  // Given the JSON Schema alone, the tool does not parse a second time what was decided.
  const bare = new FunctionTool(work, { name, description, parameters: jsonSchemaOf(parameters) });
  return leashParsed(bare, leash, options, parameters);
}

/** As the model is to write them, before they are parsed. */
function jsonSchemaOf(parameters: ToolParameters): Record<string, unknown> {
  if (isZodV4Schema(parameters)) return { ...z4.toJSONSchema(parameters, { io: "input" }) };
  if (isZodSchema(parameters)) return { ...zodToJsonSchema(parameters) };
  if ("type" in parameters && parameters.type === "object") return { ...parameters };
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    "The parameters of a leashed tool are neither a zod schema nor a JSON Schema of type object. Pass one of these.",
  );
}
