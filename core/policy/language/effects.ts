import type { Effect } from "../../model/effect.ts";
import { describe, type Located } from "../located.ts";
import type { Reader } from "../readers.ts";
import { suggest } from "../suggest.ts";

/** Our four words and the words of OpenLeash and others that mean them; read in any case. */
const EFFECT_WORDS: ReadonlyMap<string, Effect> = new Map([
  ["allow", "allow"],
  ["approve", "approve"],
  ["step_up", "step_up"],
  ["deny", "deny"],
  ["escalate", "approve"],
  ["require_approval", "approve"],
  ["require_step_up", "step_up"],
]);

/** Words for an allow in a computed form. */
const COMPUTE_WORDS: ReadonlySet<string> = new Set(["compute", "modify", "transform"]);

const wordOf = (node: Located): string | undefined =>
  node.kind === "scalar" && typeof node.value === "string" ? node.value.toLowerCase() : undefined;

/** True for a word that promises a computed form. */
export function saysCompute(node: Located | undefined): boolean {
  return node !== undefined && COMPUTE_WORDS.has(wordOf(node) ?? "");
}

/** An effect by any of its names, out of those that make sense in this place. */
export function effect(what: string, sensible: readonly Effect[]): Reader<Effect> {
  return (node, report) => {
    const word = wordOf(node);
    if (word === undefined) {
      report("wrong_type", node.place, `${what} must be ${sensible.join(", ")}, not ${describe(node)}`);
      return undefined;
    }
    const meaning = COMPUTE_WORDS.has(word) ? "allow" : EFFECT_WORDS.get(word);
    if (meaning === undefined || !sensible.includes(meaning)) {
      report("bad_value", node.place, `${what} must be ${sensible.join(", ")}`, suggest(word, sensible));
      return undefined;
    }
    return meaning;
  };
}

/** An effect, or the word that hands the question on to the narrower documents. */
export function effectOrPassthrough(what: string, sensible: readonly Effect[]): Reader<Effect | "passthrough"> {
  const read = effect(what, sensible);
  return (node, report) => (wordOf(node) === "passthrough" ? "passthrough" : read(node, report));
}
