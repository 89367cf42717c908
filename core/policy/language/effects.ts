import type { Effect } from "../../model/effect.ts";
import { describe } from "../located.ts";
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

/** Words of the language that need what this version does not read. */
const LATER_WORDS: ReadonlySet<string> = new Set(["compute", "modify", "transform", "passthrough"]);

/** An effect by any of its names, out of those that make sense in this place. */
export function effect(what: string, sensible: readonly Effect[]): Reader<Effect> {
  return (node, report) => {
    if (node.kind !== "scalar" || typeof node.value !== "string") {
      report("wrong_type", node.place, `${what} must be ${sensible.join(", ")}, not ${describe(node)}`);
      return undefined;
    }
    const word = node.value.toLowerCase();
    if (LATER_WORDS.has(word)) {
      report("unsupported", node.place, `${what} \`${word}\` is not supported by this version`);
      return undefined;
    }
    const meaning = EFFECT_WORDS.get(word);
    if (meaning === undefined || !sensible.includes(meaning)) {
      report("bad_value", node.place, `${what} must be ${sensible.join(", ")}`, suggest(word, sensible));
      return undefined;
    }
    return meaning;
  };
}
