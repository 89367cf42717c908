import { type Context, createContext, Script } from "node:vm";
import { schemaArrayKeyword, schemaKeyword, schemaMapKeyword, Validator, type OutputUnit } from "@cfworker/json-schema";
import { domainDigest, sha256Hex } from "./digest.ts";
import { LeashError } from "./errors.ts";

/** A JSON Schema that is ready to check arguments. */
export interface CompiledSchema {
  /** A copy of the schema as it was stated. */
  readonly schema: object | boolean;
  /**
   * JSON pointers to what does not fit; empty where all does.
   * @throws where the schema itself fails: a reference that leads nowhere, a broken pattern, or more than a quarter of a second.
   */
  readonly misfits: (input: unknown) => readonly string[];
}

/**
 * Makes a JSON Schema ready (drafts 7 to 2020-12, without `$dynamicRef`).
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for what is no such schema, or takes too long to read.
 */
export function compileSchema(stated: object | boolean): CompiledSchema {
  try {
    const schema = copyOf(stated);
    if (!isSound(schema)) throw new TypeError("a part of the schema is none");
    const watched = mayTakeLong(schema) ? inTime : atOnce;
    const validator = inTime(() => new Validator(copyOf(stated), "2020-12", false));
    return {
      schema,
      misfits(input) {
        const { valid, errors } = watched(() => validator.validate(input));
        return valid ? [] : errors.map(placeOf);
      },
    };
  } catch (cause) {
    throw unusable(cause);
  }
}

/** A missing member is named, and not the object that lacks it. */
function placeOf({ keyword, instanceLocation, error }: OutputUnit): string {
  const missing = keyword === "required" ? /"(.*)"\.$/su.exec(error)?.[1] : undefined;
  return missing === undefined ? instanceLocation.slice(1) : `${instanceLocation.slice(1)}/${missing}`;
}

export function unusable(cause?: unknown): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    "A tool's schema is neither a Standard Schema nor a JSON Schema (drafts 7 to 2020-12) that can be read. Pass one of these, so that its arguments can be checked.",
    cause === undefined ? undefined : { cause },
  );
}

/** Validators take what they do not know for leave, so what they would overlook is no schema. */
function isSound(schema: unknown): boolean {
  if (typeof schema === "boolean") return true;
  if (!isPlain(schema)) return false;
  const { $dynamicRef, exclusiveMaximum, exclusiveMinimum } = schema;
  if (typeof $dynamicRef === "string") return false;
  // Draft 4 said it with a boolean.
  if (typeof exclusiveMaximum === "boolean" || typeof exclusiveMinimum === "boolean") return false;
  return Object.entries(schema).every(([keyword, value]) => partsOf(keyword, value).every(isSound));
}

function partsOf(keyword: string, value: unknown): readonly unknown[] {
  if (Object.hasOwn(schemaMapKeyword, keyword)) return isPlain(value) ? Object.values(value) : [value];
  if (keyword === "dependencies" && isPlain(value)) return Object.values(value).filter((part) => !Array.isArray(part));
  if (Object.hasOwn(schemaArrayKeyword, keyword) && Array.isArray(value)) return value;
  return Object.hasOwn(schemaKeyword, keyword) ? [value] : [];
}

const SLOW_KEYWORDS = /"(?:pattern|patternProperties|format|uniqueItems|\$ref|\$recursiveRef)":/u;

const LONG_SCHEMA = 2_000;

/**
 * Patterns, references and comparisons of all with all can take more time than the arguments are long, and a long schema takes
 * its length for each of them; an ordinary one does not.
 */
function mayTakeLong(schema: object | boolean): boolean {
  const text = JSON.stringify(schema);
  return text.length > LONG_SCHEMA || SLOW_KEYWORDS.test(text);
}

function atOnce<T>(work: () => T): T {
  return work();
}

const LONGEST_MS = 250;

/** On a busy machine the time passes while others run: what got less of it than this is tried again, so many times. */
const FAIR_SHARE_MS = 150;
const MOST_TRIES = 4;

const CALL = new Script("work()");
let sandbox: Context | undefined;

/**
 * A schema may be a stranger's, and its patterns and references can take for ever. Only this ends code that never waits; what
 * `work` does, it does outside of the sandbox.
 */
function inTime<T>(work: () => T): T {
  sandbox ??= createContext(Object.create(null) as Context);
  sandbox["work"] = work;
  try {
    for (let tries = 1; ; tries += 1) {
      const before = process.cpuUsage();
      try {
        return CALL.runInContext(sandbox, { timeout: LONGEST_MS }) as T;
      } catch (error) {
        const { system, user } = process.cpuUsage(before);
        const hadItsShare = (system + user) / 1_000 >= FAIR_SHARE_MS;
        if (hadItsShare || tries === MOST_TRIES || !isTimeout(error)) throw error;
      }
    }
  } finally {
    delete sandbox["work"];
  }
}

function isTimeout(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}

/**
 * The input with the defaults that a JSON Schema states for missing members, also in nested objects, but not in lists, behind
 * references or among alternatives. What is there stays.
 * @example withDefaults({}, { properties: { limit: { default: 5 } } }) // { limit: 5 }
 */
export function withDefaults(input: unknown, schema: unknown): unknown {
  const properties = isPlain(schema) ? schema["properties"] : undefined;
  if (!isPlain(properties) || !isPlain(input)) return input;
  const filled: Record<string, unknown> = { ...input };
  for (const [name, property] of Object.entries(properties)) {
    if (!isPlain(property) || name === "__proto__") continue;
    const value = Object.hasOwn(filled, name) ? filled[name] : undefined;
    // A copy: a tool may write to its input.
    const known = value === undefined ? structuredClone(property["default"]) : value;
    if (known !== undefined) filled[name] = withDefaults(known, property);
  }
  return filled;
}

/** What tells two tools of one name apart: the digest of a tool's JSON Schema; null where there is none. */
export function schemaDigest(schema: unknown): string | null {
  if (!isPlain(schema)) return null;
  let text: string;
  try {
    text = JSON.stringify(schema);
  } catch {
    return null;
  }
  try {
    return domainDigest("leashkit/tool-schema/1", JSON.parse(text));
  } catch {
    // Too large for a canonical text, or with numbers that have none: then the order of its members counts, too.
    return sha256Hex(`leashkit/tool-schema/1\n${text}`);
  }
}

/** Validators write notes of their own into a schema when they first use it. @throws where JSON cannot carry all of it. */
function copyOf<T>(schema: T): T {
  return JSON.parse(JSON.stringify(schema, plainOnly)) as T;
}

/** Another library's schema within would be taken for a JSON Schema without demands. */
function plainOnly(_: string, value: unknown): unknown {
  const isData = typeof value !== "object" || value === null || Array.isArray(value) || isPlain(value);
  if (isData && typeof value !== "function") return value;
  throw new TypeError("a part of the schema is not plain data");
}

export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
