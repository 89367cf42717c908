import type { Reader } from "../readers.ts";
import { describe } from "../located.ts";

const LONGEST_NAME = 256;

/** Control and format characters and lone surrogates: what makes two names look like one. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/u;

const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Which tools a rule speaks of: one name, every deeper name (`http.*` meets `http.get` and not `http`), or every name.
 */
export type Pattern =
  | { readonly kind: "exact"; readonly name: string }
  | { readonly kind: "below"; readonly prefix: string }
  | { readonly kind: "any" };

/** What is wrong with a tool's name, or undefined. */
export function nameProblem(name: string): string | undefined {
  if (name === "" || name.trim() !== name) return "must not be empty nor have outer spaces";
  if (name.length > LONGEST_NAME) return `must have at most ${LONGEST_NAME} characters`;
  if (INVISIBLE.test(name)) return "must not hold invisible characters";
  if (name.includes("*")) return "must be one name; `*` is for a rule's `action`";
  return undefined;
}

/** A tool's name, in Unicode NFC as the registry has it. */
export const toolName: Reader<string> = (node, report) => {
  if (node.kind !== "scalar" || typeof node.value !== "string") {
    report("wrong_type", node.place, `a tool's name must be a text, not ${describe(node)}`);
    return undefined;
  }
  const problem = nameProblem(node.value);
  if (problem !== undefined) {
    report("bad_name", node.place, `a tool's name ${problem}`);
    return undefined;
  }
  return node.value.normalize("NFC");
};

/** A rule's or policy's own id. */
export const identifier: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && IDENTIFIER.test(value)) return value;
  report(
    "bad_name",
    node.place,
    "an id is 1 to 128 letters, digits, `.`, `_` and `-`, and starts with a letter or digit",
  );
  return undefined;
};

const PATTERN_HELP = "an exact name, `prefix.*` or `*`";

/** One pattern. */
const readPattern: Reader<Pattern> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value !== "string") {
    report("wrong_type", node.place, `an action must be a text, not ${describe(node)}`, PATTERN_HELP);
    return undefined;
  }
  if (value === "*") return { kind: "any" };
  const below = value.endsWith(".*");
  const name = below ? value.slice(0, -2) : value;
  const problem = nameProblem(name);
  if (problem !== undefined) {
    report("bad_pattern", node.place, `the action ${JSON.stringify(value)} is no pattern`, PATTERN_HELP);
    return undefined;
  }
  const normal = name.normalize("NFC");
  return below ? { kind: "below", prefix: `${normal}.` } : { kind: "exact", name: normal };
};

/** A rule's `action`: a pattern or a list of them. */
export const action: Reader<readonly Pattern[]> = (node, report) => {
  if (node.kind !== "list") {
    const only = readPattern(node, report);
    return only === undefined ? undefined : [only];
  }
  if (node.items.length === 0) report("bad_pattern", node.place, "`action` must name at least one tool", PATTERN_HELP);
  return node.items.flatMap((item) => readPattern(item, report) ?? []);
};

/** True when the pattern meets the name. */
export function meets(pattern: Pattern, name: string): boolean {
  if (pattern.kind === "any") return true;
  if (pattern.kind === "exact") return pattern.name === name;
  return name.length > pattern.prefix.length && name.startsWith(pattern.prefix);
}

/** True when `wide` meets every name that `narrow` meets. */
export function covers(wide: Pattern, narrow: Pattern): boolean {
  if (wide.kind === "any") return true;
  if (narrow.kind === "exact") return meets(wide, narrow.name);
  return narrow.kind === "below" && wide.kind === "below" && narrow.prefix.startsWith(wide.prefix);
}
