import { isMap, isScalar, isSeq, type Node, Lexer, parseAllDocuments, type Pair, Parser, type Scalar } from "yaml";
import type { Place, Report } from "./issues.ts";
import { below, type Located, type LocatedMap, type LocatedMember } from "./located.ts";

/** UTF-8 bytes of a policy text. */
export const MAXIMUM_BYTES = 1_048_576;

/** Levels of nesting; a policy needs about seven. */
const MAXIMUM_DEPTH = 64;

/** Pieces the lexer cuts a text into; the longest sensible policies have a third of it. */
const MAXIMUM_LEXEMES = 400_000;

const START: Place = { offset: 0, pointer: "" };

/** Whole numbers written plainly: what survives every YAML and JSON reader unchanged. */
const WHOLE_NUMBER = /^-?(?:0|[1-9][0-9]{0,15})$/;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Reads one YAML 1.2 document (core schema) of plain maps, lists and scalars, each with its place in the text.
 *
 * Refused with an issue: a byte order mark, more than 1 MiB, more than 64 levels, directives, a second document, an empty one,
 * anchors and aliases (all of them: there is no bomb without an alias), tags, merge keys, keys that are not texts or stand
 * twice, numbers that are not plainly written whole numbers up to 2^53-1.
 *
 * @returns undefined when nothing can be read; every refusal is reported.
 */
export function readYaml(text: string, report: Report): Located | undefined {
  if (!mayBeParsed(text, report)) return undefined;
  const documents = parseAllDocuments(text, {
    version: "1.2",
    schema: "core",
    merge: false,
    strict: true,
    prettyErrors: false,
    logLevel: "silent",
    // Checked while reading, in linear time; the library compares every key with every other.
    uniqueKeys: false,
  });
  // Only the first: what follows a slip of the pen is mostly its echo.
  const [problem] = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  if (problem !== undefined) {
    const code = problem.code === "TAG_RESOLVE_FAILED" ? "yaml_tag" : "yaml_syntax";
    const hint = "a condition with `!`, `[`, `{`, `#` or a comma must stand in quotes";
    report(code, { offset: problem.pos[0], pointer: "" }, `YAML: ${problem.message}`, hint);
  }
  const [document, second] = documents;
  if (second !== undefined) {
    report(
      "yaml_documents",
      { offset: second.range[0], pointer: "" },
      "a policy is one YAML document; here starts another",
    );
    return undefined;
  }
  if (document === undefined || document.contents === null) {
    report("yaml_empty", START, "the policy is empty", "a policy starts with `leash: 1`");
    return undefined;
  }
  return problem === undefined ? readNode(document.contents, { text, report, pointer: "" }) : undefined;
}

/** The checks that must come before a parser that recurses. */
function mayBeParsed(text: string, report: Report): boolean {
  // A UTF-16 unit is at least one byte, so the cheap comparison spares encoding what is far too long.
  if (text.length > MAXIMUM_BYTES || new TextEncoder().encode(text).byteLength > MAXIMUM_BYTES) {
    report("yaml_size", START, "the policy is longer than 1 MiB");
    return false;
  }
  if (text.startsWith("\uFEFF")) {
    report("yaml_bom", START, "the policy starts with a byte order mark", "save it as UTF-8 without BOM");
    return false;
  }
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > MAXIMUM_LEXEMES) {
      report("yaml_size", { offset: parser.offset, pointer: "" }, "the policy has too many values");
      return false;
    }
    for (const token of parser.next(lexeme)) {
      if (token.type === "directive") {
        report(
          "yaml_directive",
          { offset: token.offset, pointer: "" },
          "YAML directives (`%…`) are not used in policies",
        );
        return false;
      }
    }
    if (parser.stack.length > MAXIMUM_DEPTH) {
      report(
        "yaml_depth",
        { offset: parser.offset, pointer: "" },
        `the policy is nested deeper than ${MAXIMUM_DEPTH} levels`,
      );
      return false;
    }
  }
  return true;
}

interface Reading {
  readonly text: string;
  readonly report: Report;
  readonly pointer: string;
}

function readNode(node: unknown, reading: Reading): Located {
  const place: Place = { offset: offsetOf(node), pointer: reading.pointer };
  if (isMap(node) || isSeq(node) || isScalar(node)) {
    refuseProperties(node, place, reading.report);
    if (isMap(node)) return readMap(node.items, place, reading);
    if (isScalar(node)) return readScalar(node, place, reading);
    const items = node.items.map((item, index) =>
      readNode(item, { ...reading, pointer: below(reading.pointer, index) }),
    );
    return { kind: "list", items, place };
  }
  // A member of `{ a, b }` without a value has no node; whatever else is left is an alias.
  if (node !== null)
    reading.report("yaml_alias", place, "aliases (`*name`) are not used in policies", "write the value out");
  return { kind: "scalar", value: null, place, verbatimAt: undefined };
}

function offsetOf(node: unknown): number {
  const range = typeof node === "object" && node !== null ? (node as Partial<Node>).range : undefined;
  return range?.[0] ?? 0;
}

function refuseProperties(node: Node, place: Place, report: Report): void {
  if ("anchor" in node && node.anchor !== undefined) {
    report("yaml_alias", place, "anchors (`&name`) are not used in policies", "write the value out where it is needed");
  }
  if (node.tag !== undefined) report("yaml_tag", place, "tags (`!name`) are not used in policies");
}

function readMap(pairs: readonly Pair[], place: Place, reading: Reading): LocatedMap {
  const members = new Map<string, LocatedMember>();
  for (const pair of pairs) {
    const key = readKey(pair.key, place, reading);
    if (key === undefined) continue;
    const pointer = below(reading.pointer, key.name);
    const keyPlace = { offset: key.offset, pointer };
    if (members.has(key.name)) {
      reading.report("yaml_duplicate_key", keyPlace, `the key \`${key.name}\` stands twice in one block`);
      continue;
    }
    const value = pair.value === null ? emptyAt(keyPlace) : readNode(pair.value, { ...reading, pointer });
    members.set(key.name, { keyPlace, value });
  }
  return { kind: "map", members, place };
}

function emptyAt(place: Place): Located {
  return { kind: "scalar", value: null, place, verbatimAt: undefined };
}

/** Names that reach a prototype when an object is built carelessly are no names here. */
const REFUSED_KEYS: ReadonlySet<string> = new Set(["__proto__"]);

function readKey(
  key: unknown,
  mapPlace: Place,
  { report, pointer }: Reading,
): { readonly name: string; readonly offset: number } | undefined {
  const place: Place = { offset: isScalar(key) ? offsetOf(key) : mapPlace.offset, pointer };
  if (!isScalar(key) || typeof key.value !== "string") {
    report("yaml_key", place, "a key must be a text", "put it in quotes");
    return undefined;
  }
  refuseProperties(key, place, report);
  if (key.value === "<<" && key.type === "PLAIN") {
    report("yaml_merge_key", place, "merge keys (`<<`) are not used in policies", "write the keys out");
    return undefined;
  }
  if (REFUSED_KEYS.has(key.value) || LONE_SURROGATE.test(key.value)) {
    report("yaml_key", place, `${JSON.stringify(key.value)} cannot be a key`);
    return undefined;
  }
  return { name: key.value, offset: place.offset };
}

function readScalar(node: Scalar, place: Place, { text, report }: Reading): Located {
  const { value } = node;
  if (typeof value === "number" && !(WHOLE_NUMBER.test(node.source ?? "") && Number.isSafeInteger(value))) {
    report("yaml_number", place, "a number must be whole, plainly written and at most 2^53-1");
    return emptyAt(place);
  }
  if (typeof value === "string") {
    if (LONE_SURROGATE.test(value)) report("yaml_text", place, "a text holds half of a surrogate pair");
    return { kind: "scalar", value, place, verbatimAt: verbatimOffset(text, place.offset, value) };
  }
  if (typeof value === "number" || typeof value === "boolean") {
    return { kind: "scalar", value, place, verbatimAt: undefined };
  }
  return emptyAt(place);
}

/** Where the text shows the value as it is: right there, or behind one quotation mark. */
function verbatimOffset(text: string, offset: number, value: string): number | undefined {
  for (const candidate of [offset, offset + 1]) if (text.startsWith(value, candidate)) return candidate;
  return undefined;
}
