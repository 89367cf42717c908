import { compileSchema, isPlain, unusable, withDefaults } from "./json-schema.ts";
import type { Json } from "./model/json.ts";

/** A tool's arguments as its schema reads them, or what is wrong with them: places and rules, never a value. */
export type ReadArguments =
  | { readonly ok: true; readonly input: unknown }
  | { readonly ok: false; readonly problem: string };

/** Never throws for wrong arguments; a schema that fails in itself is a problem too. */
export type ArgumentReader = (raw: unknown) => Promise<ReadArguments>;

/**
 * Reads a tool's arguments by its schema before the policy looks: parsed, with defaults filled in.
 *
 * @param schema anything that follows Standard Schema (zod from 3.24, valibot, ArkType …), an older zod schema, or a JSON Schema
 * (drafts 7 to 2020-12). Undefined: any object passes.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for a schema that is none of these.
 * @example
 * const read = argumentReader(z.object({ amount: z.number().default(5) }));
 * await read({}); // { ok: true, input: { amount: 5 } }
 */
export function argumentReader(schema: unknown): ArgumentReader {
  if (schema === undefined || schema === null) return async (raw) => objectOnly(raw);
  const standard = member(schema, "~standard");
  const validate = member(standard, "validate");
  if (typeof validate === "function") return reader((raw) => byStandard(validate, standard, raw));
  const safeParse = member(schema, "safeParseAsync");
  if (typeof safeParse === "function") return reader((raw) => bySafeParse(safeParse, schema, raw));
  if (isPlain(schema) || typeof schema === "boolean") return byJsonSchema(schema);
  throw unusable();
}

/** A schema that throws cannot have said yes. */
function reader(read: (raw: unknown) => Promise<ReadArguments>): ArgumentReader {
  return async (raw) => {
    try {
      return await read(raw);
    } catch {
      return { ok: false, problem: "the schema could not read them" };
    }
  };
}

function objectOnly(raw: unknown): ReadArguments {
  return isPlain(raw) ? { ok: true, input: raw } : { ok: false, problem: "not an object" };
}

interface Issue {
  readonly path?: readonly unknown[];
}

async function byStandard(validate: Function, standard: unknown, raw: unknown): Promise<ReadArguments> {
  const result: unknown = await Reflect.apply(validate, standard, [raw]);
  const issues = member(result, "issues");
  if (issues === undefined && hasMember(result, "value")) return { ok: true, input: member(result, "value") };
  return { ok: false, problem: misfit(issues) };
}

async function bySafeParse(safeParse: Function, schema: unknown, raw: unknown): Promise<ReadArguments> {
  const result: unknown = await Reflect.apply(safeParse, schema, [raw]);
  if (member(result, "success") === true) return { ok: true, input: member(result, "data") };
  return { ok: false, problem: misfit(member(member(result, "error"), "issues")) };
}

/** Where the issues are. Their messages are left out: a schema's own words may quote what it was given. */
function misfit(issues: unknown): string {
  if (!Array.isArray(issues) || issues.length === 0) return "they do not fit the schema";
  return places((issues as readonly Issue[]).map(({ path }) => (path ?? []).map(segment).join(".")));
}

const MOST_PLACES = 5;

function places(paths: readonly string[]): string {
  const named = new Set(paths.map((path) => path || "the whole"));
  return `wrong: ${[...named].slice(0, MOST_PLACES).join(", ")}`;
}

/** Standard Schema allows a bare key or an object with the key. */
function segment(step: unknown): string {
  return String(hasMember(step, "key") ? member(step, "key") : step);
}

function byJsonSchema(stated: object | boolean): ArgumentReader {
  const { schema, misfits } = compileSchema(stated);
  return reader(async (raw) => {
    const input = withDefaults(withoutUndefined(raw), schema);
    const paths = misfits(input).map((pointer) => pointer.slice(1).replaceAll("/", "."));
    if (paths.length === 0) return { ok: true, input };
    const within = paths.filter((path) => path !== "");
    return { ok: false, problem: places(within.length > 0 ? within : paths) };
  });
}

/** As sealing will: a member that is undefined is none. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutUndefined(item));
  if (!isPlain(value)) return value;
  const stated = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(stated.map(([name, part]) => [name, withoutUndefined(part)]));
}

/**
 * The text of a call whose input was a bare text, which is sealed as `{ input: text }`. Undefined for any other input.
 * @example sealedText({ input: "tea" }) // "tea"
 */
export function sealedText(input: Json): string | undefined {
  const [first, ...others] = isPlain(input) ? Object.entries(input) : [];
  const text = first?.[0] === "input" && others.length === 0 ? first[1] : undefined;
  return typeof text === "string" ? text : undefined;
}

function hasMember(value: unknown, key: string): boolean {
  return (typeof value === "object" || typeof value === "function") && value !== null && key in value;
}

function member(value: unknown, key: string): unknown {
  return hasMember(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
