import type { Action } from "../model/call.ts";
import type { Json } from "../model/json.ts";
import { isMap } from "./conditions/closures/values.ts";

/** Names that conditions may ask for by number; what asks for more of them is asked the longer way. */
const MOST_NAMES = 1_024;

/** What one set of names may measure to be remembered, and how many steps of such sets are: a flood of names costs time only. */
const MOST_MEMBERS = 64;
const LONGEST_NAME = 64;
const MOST_STEPS = 4_096;

const numbers = new Map<string, number>();

/**
 * The number under which a member of the input is asked for, the same for every policy of the process; undefined where there
 * are too many names.
 */
export function memberNumber(name: string): number | undefined {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  if (numbers.size >= MOST_NAMES) return undefined;
  numbers.set(name, numbers.size);
  return numbers.size - 1;
}

/** Of an action whose input tells what is looked at: its members are read one by one, and only when they are asked for. */
export const TRAPPED: object = Object.freeze({});

/** By number: where the member stands among an input's values, -1 where the input has no such member. */
type Places = Int32Array;

/**
 * The input's own members, laid out so that a condition finds one by its number: no name is looked up, and nothing that a
 * prototype has is ever found. A class for its private members: nobody else can put another value there.
 */
export class Members {
  readonly #input: Json;
  readonly #places: Places;
  /** Null where the members are read when they are asked for. */
  readonly #values: readonly Json[] | null;

  constructor(input: Json, isTrapped = false) {
    const members = isMap(input) ? input : {};
    this.#input = input;
    this.#places = placesOf(Object.keys(members));
    this.#values = isTrapped ? null : Object.values(members);
    Object.freeze(this);
  }

  /** The member with this number; undefined where the input has none. */
  at(number: number): Json | undefined {
    const place = this.#places[number];
    if (place === undefined || place < 0) return undefined;
    return this.#values === null ? valueAt(this.#input, place) : this.#values[place];
  }

  /** Those made when the call was sealed, where they are of this very input and know every name; else new ones. */
  static of({ input, members }: Action): Members {
    const isCurrent =
      members !== undefined && #input in members && members.#input === input && members.#places.length === numbers.size;
    return isCurrent ? members : new Members(input, members === TRAPPED);
  }
}

function valueAt(input: Json, place: number): Json | undefined {
  if (!isMap(input)) return undefined;
  const name = Object.keys(input)[place];
  return name === undefined ? undefined : input[name];
}

// Whoever has an action has a way to these.
Object.freeze(Members);
Object.freeze(Members.prototype);

/** For an action that is being sealed; undefined for an input that could still change. */
export function sealedMembers(input: Json): Members | undefined {
  return Object.isFrozen(input) ? new Members(input) : undefined;
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
  if (last.places?.length !== numbers.size) last.places = made(names);
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
  const places = new Int32Array(numbers.size).fill(-1);
  for (const [place, name] of names.entries()) {
    const number = numbers.get(name);
    if (number !== undefined) places[number] = place;
  }
  return places;
}
