import { argumentReader } from "@leashkit/core";
import { parseArguments, type Parsed } from "./arguments.ts";
import { isObject, own } from "./members.ts";

/** Arguments that are refused, on their way through the runner to the gate, which records them. */
interface Faulty extends Parsed {
  readonly problem: string;
}

const faulty = new WeakMap<object, Faulty>();

/** What a tool's function was called with, where `gatedParse` stands before it. */
export function parsedArguments(args: unknown): Parsed {
  const fault = faultyArguments(args);
  if (fault !== undefined) return fault;
  return { input: args, problem: isObject(args) ? undefined : "the tool's parse gave no object" };
}

/** What a tool's function was called with, where it has no `parse` and reads its text itself, later than the policy looks. */
export function textArguments(schema: unknown): (args: unknown) => Promise<Parsed> {
  const reader = argumentReader(schema);
  return async (args) => {
    const parsed = parseArguments(args);
    if (parsed.problem !== undefined) return parsed;
    const read = await reader(parsed.input);
    return read.ok ? { input: read.input, problem: undefined } : { input: parsed.input, problem: read.problem };
  };
}

function faultyArguments(args: unknown): Faulty | undefined {
  return isObject(args) ? faulty.get(args) : undefined;
}

/**
 * A tool's `parse` behind a strict reader: on its own it would take the last of two equal names. Empty arguments are `{}`, and
 * arguments that came as an object are read as their text. Never throws, because what a `parse` throws the runner sends on
 * without any record: wrong arguments are passed on as a sign that says so.
 */
export function gatedParse(parse: Function, owner: object): (raw: unknown) => unknown {
  return (raw) => {
    const { input, problem } = parseArguments(raw);
    const source = typeof raw === "string" && raw !== "" ? raw : JSON.stringify(input);
    try {
      const parsed: unknown = Reflect.apply(parse, owner, [source]);
      if (!(parsed instanceof Promise)) return checked(parsed, problem);
      return parsed.then(
        (value: unknown) => checked(value, problem),
        (error: unknown) => sign({ input: undefined, problem: problem ?? problemOf(error) }),
      );
    } catch (error) {
      return sign({ input: undefined, problem: problem ?? problemOf(error) });
    }
  };
}

function checked(parsed: unknown, problem: string | undefined): unknown {
  // Another gate may stand behind this one, and its reader have found the fault: its sign is passed on to it.
  const fault = problem ?? faultyArguments(parsed)?.problem;
  return fault === undefined ? parsed : sign({ input: parsed, problem: fault });
}

/** An object of its own for every call: the note belongs to it alone. */
function sign(fault: Faulty): object {
  const carrier = Object.freeze({});
  faulty.set(carrier, fault);
  return carrier;
}

const MOST_PLACES = 5;

/** Where a schema found faults. Its messages are left out: they may quote what they were given. */
function problemOf(error: unknown): string {
  const issues = own(error, "issues");
  const paths = (Array.isArray(issues) ? issues : []).map((issue) => own(issue, "path"));
  const places = paths
    .map((path) => (Array.isArray(path) ? path.map(String).join(".") : ""))
    .map((path) => path || "the whole");
  if (places.length === 0) return "they do not fit the tool";
  return `wrong: ${[...new Set(places)].slice(0, MOST_PLACES).join(", ")}`;
}
