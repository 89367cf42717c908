import { createIssueList } from "../../core/policy/issues.ts";
import type { Located } from "../../core/policy/located.ts";
import { readYaml } from "../../core/policy/yaml.ts";

/** A key or a scalar of a policy text, and the characters that write it. */
export interface Spot {
  readonly kind: "key" | "value";
  /** RFC 6901, of the member for a key. */
  readonly pointer: string;
  readonly value: string | number | boolean | null;
  /** UTF-16 units, quotation marks included. */
  readonly start: number;
  readonly end: number;
}

/** Every key and every scalar on one line of a text that loads, in the order of the document. */
export function spotsOf(text: string): readonly Spot[] {
  const { report, list } = createIssueList(text);
  const root = readYaml(text, report);
  if (root === undefined || list().length > 0) throw new Error("The sample is no YAML that policies may have.");
  return walk(root, text);
}

function walk(node: Located, text: string): readonly Spot[] {
  if (node.kind === "list") return node.items.flatMap((item) => walk(item, text));
  if (node.kind === "scalar") return spotAt("value", node.place.pointer, node.value, node.place.offset, text);
  return [...node.members].flatMap(([key, { keyPlace, value }]) => [
    ...spotAt("key", keyPlace.pointer, key, keyPlace.offset, text),
    ...walk(value, text),
  ]);
}

function spotAt(
  kind: Spot["kind"],
  pointer: string,
  value: Spot["value"],
  start: number,
  text: string,
): readonly Spot[] {
  const quote = ["'", '"'].find((mark) => text[start] === mark) ?? "";
  const written = `${quote}${String(value)}${quote}`;
  return text.startsWith(written, start) ? [{ kind, pointer, value, start, end: start + written.length }] : [];
}

/** The text with other characters in the place of a spot. */
export function replaced(text: string, { start, end }: Spot, written: string): string {
  return text.slice(0, start) + written + text.slice(end);
}

/** Line and column, from 1. */
export function positionOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** A word with two letters swapped, one lost, one doubled, and one in the other case. */
export function slipsOf(word: string): readonly string[] {
  const middle = word.length >> 1;
  const swapAt = [middle, ...word.split("").keys()].find((at) => at + 1 < word.length && word[at] !== word[at + 1]);
  const first = word.charAt(0);
  const otherCase = first === first.toUpperCase() ? first.toLowerCase() : first.toUpperCase();
  return [
    ...(swapAt === undefined ? [] : [word.slice(0, swapAt) + word[swapAt + 1] + word[swapAt] + word.slice(swapAt + 2)]),
    word.slice(0, middle) + word.slice(middle + 1),
    word.slice(0, middle) + word.charAt(middle) + word.slice(middle),
    otherCase + word.slice(1),
  ].filter((slip) => slip !== word);
}
