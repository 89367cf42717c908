import { Validator } from "@cfworker/json-schema";
import { domainDigest } from "./digest.ts";
import { LeashError } from "./errors.ts";
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

function unusable(cause?: unknown): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    "A tool's schema is neither a Standard Schema nor a JSON Schema that can be read. Pass one of these, so that its arguments can be checked.",
    cause === undefined ? undefined : { cause },
  );
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
  readonly message?: string;
  readonly path?: readonly unknown[];
}

async function byStandard(validate: Function, standard: unknown, raw: unknown): Promise<ReadArguments> {
  const result: unknown = await Reflect.apply(validate, standard, [raw]);
  const issues = member(result, "issues");
  if (issues === undefined && hasMember(result, "value")) return { ok: true, input: member(result, "value") };
  return { ok: false, problem: places(issues) };
}

async function bySafeParse(safeParse: Function, schema: unknown, raw: unknown): Promise<ReadArguments> {
  const result: unknown = await Reflect.apply(safeParse, schema, [raw]);
  if (member(result, "success") === true) return { ok: true, input: member(result, "data") };
  return { ok: false, problem: places(member(member(result, "error"), "issues")) };
}

/** Where the issues are. Their messages are left out: a schema's own words may quote what it was given. */
function places(issues: unknown): string {
  if (!Array.isArray(issues) || issues.length === 0) return "they do not fit the schema";
  const paths = (issues as readonly Issue[]).map(({ path }) => (path ?? []).map(segment).join(".") || "the whole");
  return `wrong: ${[...new Set(paths)].slice(0, MOST_PLACES).join(", ")}`;
}

const MOST_PLACES = 5;

/** Standard Schema allows a bare key or an object with the key. */
function segment(step: unknown): string {
  return String(hasMember(step, "key") ? member(step, "key") : step);
}

function byJsonSchema(stated: object | boolean): ArgumentReader {
  const { schema, validator } = compile(stated);
  return reader(async (raw) => {
    const input = withDefaults(withoutUndefined(raw), schema);
    const { valid, errors } = validator.validate(input);
    if (valid) return { ok: true, input };
    const paths = errors.map(({ instanceLocation }) => instanceLocation.slice(2).replaceAll("/", "."));
    const deepest = paths.filter((path) => path !== "");
    return { ok: false, problem: places((deepest.length > 0 ? deepest : [""]).map((path) => ({ path: [path] }))) };
  });
}

function compile(stated: object | boolean): { readonly schema: object | boolean; readonly validator: Validator } {
  try {
    const schema = copyOf(stated);
    return { schema, validator: new Validator(copyOf(stated), "2020-12", false) };
  } catch (cause) {
    throw unusable(cause);
  }
}

/** As sealing will: a member that is undefined is none. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutUndefined(item));
  if (!isPlain(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutUndefined(member)]));
}

/**
 * The input with the defaults that a JSON Schema states for missing members, also in nested objects. What is there stays.
 * @example withDefaults({}, { properties: { limit: { default: 5 } } }) // { limit: 5 }
 */
export function withDefaults(input: unknown, schema: unknown): unknown {
  const properties = member(schema, "properties");
  if (!isPlain(properties) || !isPlain(input)) return input;
  const filled: Record<string, unknown> = { ...input };
  for (const [name, property] of Object.entries(properties)) {
    if (!isPlain(property) || name === "__proto__") continue;
    const value = Object.hasOwn(filled, name) ? filled[name] : undefined;
    // A copy: a tool may write to its input.
    const known = value === undefined ? structuredClone(member(property, "default")) : value;
    if (known !== undefined) filled[name] = withDefaults(known, property);
  }
  return filled;
}

/** What tells two tools of one name apart: the digest of a tool's JSON Schema; null where there is none. */
export function schemaDigest(schema: unknown): string | null {
  if (!isPlain(schema)) return null;
  try {
    return domainDigest("leashkit/tool-schema/1", copyOf(schema));
  } catch {
    return null;
  }
}

/** Validators write notes of their own into a schema when they first use it. */
function copyOf<T>(schema: T): T {
  return JSON.parse(JSON.stringify(schema)) as T;
}

/** The text of a call whose input was a bare text, which is sealed as `{ input: text }`. Undefined for any other input. */
export function sealedText(input: Json): string | undefined {
  const text = isPlain(input) && Object.hasOwn(input, "input") ? input["input"] : undefined;
  return typeof text === "string" ? text : undefined;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function hasMember(value: unknown, key: string): boolean {
  return (typeof value === "object" || typeof value === "function") && value !== null && key in value;
}

function member(value: unknown, key: string): unknown {
  return hasMember(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
