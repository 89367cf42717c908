import type { Decision } from "../model/decision.ts";
import type { LayerAnswer } from "./layer.ts";
import { isPacked, type Program, writeProgram } from "./program.ts";
import type { Portion, Portions } from "./tool-index.ts";

/** Entries of all programs together, and registrations whose program is found by their number: more take a little longer. */
const MOST_ENTRIES = 1_048_576;
const MOST_SLOTS = 65_536;

/** No program begins there: an entry that is none. */
const NOWHERE = 0;

/**
 * For tools about which nothing but packed conditions of one document is asked: programs of whole decisions, all of them one
 * behind the other, and where each begins by the number of the tool. A decision reads two arrays, whatever the tool.
 */
export class QuickPrograms {
  readonly entries: Program<Decision>[number][] = [NOWHERE];
  #starts = new Int32Array(64);
  readonly #most: number;

  /** @param most entries of all programs together. Default 1,048,576. */
  constructor(most = MOST_ENTRIES) {
    this.#most = most;
  }

  /** Lays the program down. Gives its beginning; 0 where there is none. */
  add([portion, narrower]: Portions): number {
    const program = narrower === undefined ? quickProgram(portion) : undefined;
    const start = this.entries.length;
    if (program === undefined || start + program.length > this.#most) return NOWHERE;
    for (const entry of program) this.entries.push(entry);
    return start;
  }

  /** Keeps where the program for the tool with this number begins. */
  note(slot: number, start: number): void {
    if (slot >= MOST_SLOTS) return;
    if (slot >= this.#starts.length) {
      const longer = new Int32Array(Math.min(MOST_SLOTS, 2 * slot));
      longer.set(this.#starts);
      this.#starts = longer;
    }
    this.#starts[slot] = start;
  }

  /** Where the program for the tool with this number begins; 0 where that is not known. */
  startOf(slot: number): number {
    return this.#starts[slot] ?? NOWHERE;
  }
}

function quickProgram(portion: Portion): Program<Decision> | undefined {
  const { counterparty, denies, isPlain, ordered, others, otherwise, overridable } = portion;
  if (!isPlain || overridable || ordered !== undefined || counterparty !== undefined || !otherwise.isPlain)
    return undefined;
  const rules = [...denies, ...others];
  const isQuick = rules.every((rule) => isPacked(rule) && rule.whenTrue.isPlain);
  return isQuick ? writeProgram(rules, decisionIn, otherwise.decision ?? undefined) : undefined;
}

function decisionIn({ decision }: LayerAnswer): Decision {
  if (decision === null) throw new Error("a rule has a decision");
  return decision;
}
