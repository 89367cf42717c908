import type { Action } from "../model/call.ts";
import type { Json } from "../model/json.ts";
import type { ToolSpec } from "../model/tool.ts";
import { isMap } from "./conditions/closures/values.ts";

/** Names that conditions may ask for by number; what asks for more of them is asked the longer way. */
const MOST_NAMES = 1_024;

/** What one set of names may measure to be remembered, and how many steps of such sets are: a flood of names costs time only. */
const MOST_MEMBERS = 64;
const LONGEST_NAME = 64;
const MOST_STEPS = 4_096;

const numbers = new Map<string, number>();

/** How many there are. */
let numbered = 0;

/**
 * The number under which a member of the input is asked for, the same for every policy of the process; undefined where there
 * are too many names.
 */
export function memberNumber(name: string): number | undefined {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  if (numbered >= MOST_NAMES) return undefined;
  const number = numbered;
  numbered += 1;
  numbers.set(name, number);
  return number;
}

/** Of an action whose input tells what is looked at: its members are read one by one, and only when they are asked for. */
export const TRAPPED: object = Object.freeze({});

/** By number: where the member stands among an input's values, -1 where the input has no such member. */
type Places = Int32Array;

/** The slot of an action that was not sealed for the tool. */
const NO_SLOT = -1;

/**
 * An input's own members, laid out so that a condition finds one by its number: no name is looked up, and nothing that a
 * prototype has is ever found. A class for its private members: nobody else can put another value there.
 */
export class Members {
  readonly #places: Places;
  /** Null where the members are read when they are asked for. */
  readonly #values: readonly Json[] | null;
  /** The tool that the call was sealed for, and its number. */
  readonly #slot: number;
  readonly #tool: ToolSpec | undefined;
  /** The input, where its members are read when they are asked for. */
  readonly #input: Json;

  /** @param tool what the action was sealed for; default: nothing that can be told of it. */
  constructor(input: Json, isTrapped: boolean, tool?: ToolSpec) {
    const members = isMap(input) ? input : {};
    this.#places = placesOf(Object.keys(members));
    this.#values = isTrapped ? null : Object.values(members);
    this.#slot = tool === undefined ? NO_SLOT : slotOf(tool);
    this.#tool = tool;
    this.#input = isTrapped ? input : null;
  }

  /** The member with this number; undefined where the input has none. */
  at(number: number): Json | undefined {
    const place = this.#places[number];
    if (place === undefined || place < 0) return undefined;
    return this.#values === null ? valueAt(this.#input, place) : this.#values[place];
  }

  /** The action's own, where it is sealed and they know every name; else new ones. */
  static of(action: Action): Members {
    return #places in action && action.#places.length === numbered
      ? action
      : new Members(action.input, action.members === TRAPPED);
  }

  /**
   * The number of the tool that this very action was sealed for; -1 for every other tool and action. The tools are compared
   * as values are: the equals sign would read the one that was given, only to see that it is an object.
   */
  static slotFor(action: Action, tool: ToolSpec): number {
    return #places in action && Object.is(action.#tool, tool) ? action.#slot : NO_SLOT;
  }
}

// Whoever has an action has a way to these.
Object.freeze(Members);
Object.freeze(Members.prototype);

const slots = new WeakMap<ToolSpec, number>();
let nextSlot = 0;

/** A number for each registration, the same for every policy of the process. */
export function slotOf(tool: ToolSpec): number {
  const known = slots.get(tool);
  if (known !== undefined) return known;
  const slot = nextSlot;
  nextSlot += 1;
  slots.set(tool, slot);
  return slot;
}

function valueAt(input: Json, place: number): Json | undefined {
  if (!isMap(input)) return undefined;
  const name = Object.keys(input)[place];
  return name === undefined ? undefined : input[name];
}

/** A way through names, one after another. */
interface Step {
  readonly next: Map<string, Step>;
  /** For the inputs whose last name this is. */
  places: Places | undefined;
}

let start: Step = { next: new Map(), places: undefined };
let steps = 0;

/** Calls of one tool have the same few sets of names over and over. */
function placesOf(names: readonly string[]): Places {
  const last = names.length > MOST_MEMBERS ? undefined : walked(names);
  if (last === undefined) return made(names);
  // Made before a policy asked for another name, they do not say where that stands.
  if (last.places?.length !== numbered) last.places = made(names);
  return last.places;
}

function walked(names: readonly string[]): Step | undefined {
  let step = start;
  for (const name of names) {
    let next = step.next.get(name);
    if (next === undefined) {
      if (name.length > LONGEST_NAME) return undefined;
      next = { next: new Map(), places: undefined };
      step.next.set(name, next);
      steps += 1;
    }
    step = next;
  }
  if (steps > MOST_STEPS) {
    start = { next: new Map(), places: undefined };
    steps = 0;
  }
  return step;
}

function made(names: readonly string[]): Places {
  const places = new Int32Array(numbered).fill(-1);
  for (const [place, name] of names.entries()) {
    const number = numbers.get(name);
    if (number !== undefined) places[number] = place;
  }
  return places;
}
