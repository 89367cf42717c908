import { canonicalText } from "@leashkit/core";
import { markFault } from "./faults.ts";
import { entryOf, isObject, own, text } from "./members.ts";
import { normalise } from "./normalise.ts";

type ItemOf<Event> = Event extends { readonly type: "response.output_item.done"; readonly item: infer Item }
  ? Item
  : never;
type ResponseOf<Event> = Event extends { readonly type: "response.completed"; readonly response: infer Whole }
  ? Whole
  : never;
type Known<Type> = [Type] extends [never] ? object : Type;

/** A streamed response. `Event` is the client's own type of its events. */
export interface AssembledResponse<Event = object> {
  /** The response as the last event states it, with the items of `output`; undefined where the stream broke off before. */
  readonly response: Known<ResponseOf<Event>> | undefined;
  /** Every item, for the conversation and for `run`. */
  readonly output: readonly Known<ItemOf<Event>>[];
}

/**
 * Puts a streamed response of the Responses API together, for `run`.
 *
 * A call is refused by `run` unless the stream brought it to its end (`response.output_item.done`), its fragments add up to it,
 * and the finished response agrees. No call of a response runs that did not complete. Pass the very objects to `run`: what was
 * found wrong with a call in the stream is noted beside the object, and a copy does not carry it.
 *
 * @throws what the stream throws; then there is nothing to run.
 * @example
 * const { output } = await assembleResponse(await client.responses.create({ ...request, stream: true }));
 * const { outputs } = await interceptor.run(output);
 */
export async function assembleResponse<Event extends object>(
  events: AsyncIterable<Event>,
): Promise<AssembledResponse<Event>> {
  const assembly: Assembly = { slots: [], places: new Map(), ends: [] };
  for await (const event of events) takeEvent(assembly, event);
  const slots = assembly.slots.toSorted((one, other) => Number(one.place) - Number(other.place));
  const output = [...slots.flatMap((slot) => itemOf(slot) ?? []), ...onlyAtTheEnd(assembly)];
  const stated = own(assembly.ends.at(-1), "response");
  // The very items, so that what was noted about them cannot be passed by.
  const response = isObject(stated) ? { ...stated, output } : undefined;
  const problem = problemOf(assembly);
  if (problem !== undefined) for (const item of output) markFault(item, problem);
  const repeated = statedOutput(assembly);
  for (const slot of assembly.slots) judge(slot, repeated);
  return { response, output } as unknown as AssembledResponse<Event>;
}

/** One item on its way. */
interface Slot {
  readonly place: unknown;
  opened?: object;
  done?: object;
  /** The fragments so far; undefined where none came. */
  pieces?: string;
  /** The arguments as their own event states them. */
  whole?: unknown;
  problem?: string;
}

interface Assembly {
  readonly slots: Slot[];
  readonly places: Map<unknown, Slot>;
  readonly ends: object[];
  /** What is wrong with the stream as a whole. */
  problem?: string;
}

function takeEvent(assembly: Assembly, event: object): void {
  const type = text(own(event, "type")) ?? "";
  if (ENDS.has(type)) {
    assembly.ends.push(event);
    return;
  }
  const take = entryOf(TAKERS, type);
  if (take === undefined) return;
  if (assembly.ends.length > 0) assembly.problem = "the stream went on after its end";
  const place = own(event, "output_index");
  if (!Number.isSafeInteger(place)) assembly.problem = "an event of the stream names no item";
  take(assembly, place, event);
}

const ENDS: ReadonlySet<string> = new Set(["response.completed", "response.incomplete", "response.failed", "error"]);

type Taker = (assembly: Assembly, place: unknown, event: object) => void;

const TAKERS: Readonly<Record<string, Taker>> = {
  "response.output_item.added": (assembly, place, event) => takeItem(assembly, place, "opened", event),
  "response.output_item.done": (assembly, place, event) => takeItem(assembly, place, "done", event),
  "response.function_call_arguments.delta": takePiece,
  "response.custom_tool_call_input.delta": takePiece,
  "response.function_call_arguments.done": (assembly, place, event) =>
    takeWhole(assembly, place, own(event, "arguments")),
  "response.custom_tool_call_input.done": (assembly, place, event) => takeWhole(assembly, place, own(event, "input")),
};

function takeItem(assembly: Assembly, place: unknown, stage: "opened" | "done", event: object): void {
  const item = own(event, "item");
  if (typeof item !== "object" || item === null) return;
  const known = assembly.places.get(place);
  const taken = known?.done !== undefined || (stage === "opened" && known !== undefined);
  const slot = taken ? open(assembly, place) : slotAt(assembly, place);
  slot[stage] = item;
  if (taken) known.problem = slot.problem = "two items share one place in the stream";
}

function takePiece(assembly: Assembly, place: unknown, event: object): void {
  const [slot, piece] = [slotAt(assembly, place), own(event, "delta")];
  if (typeof piece !== "string" || slot.done !== undefined) slot.problem ??= "its fragments are out of order";
  slot.pieces = (slot.pieces ?? "") + String(piece);
}

function takeWhole(assembly: Assembly, place: unknown, whole: unknown): void {
  const slot = slotAt(assembly, place);
  if (slot.whole !== undefined && slot.whole !== whole) slot.problem ??= "its arguments ended twice";
  slot.whole = whole;
}

function slotAt(assembly: Assembly, place: unknown): Slot {
  return assembly.places.get(place) ?? open(assembly, place);
}

function open(assembly: Assembly, place: unknown): Slot {
  const slot: Slot = { place };
  assembly.slots.push(slot);
  assembly.places.set(place, slot);
  return slot;
}

function itemOf({ done, opened }: Slot): object | undefined {
  return done ?? opened;
}

function judge(slot: Slot, stated: readonly object[]): void {
  const item = itemOf(slot);
  const problem = item === undefined ? undefined : (slot.problem ?? contradiction(slot, item, stated));
  if (item !== undefined && problem !== undefined) markFault(item, problem);
}

function contradiction(slot: Slot, item: object, stated: readonly object[]): string | undefined {
  if (slot.done === undefined) return "the stream broke off before the end of the call";
  const body = own(item, "arguments") ?? own(item, "input");
  const fragmentsFit = [slot.pieces, slot.whole].every((part) => part === undefined || part === body);
  const opened = slot.opened ?? item;
  const namesFit = ["type", "call_id", "namespace", "server_label", "name"].every(
    (key) => own(opened, key) === own(item, key),
  );
  if (!fragmentsFit || !namesFit) return "its fragments do not add up to it";
  // Some servers leave the items out of the last event.
  const twins = stated.filter((other) => idOf(other) === idOf(item));
  const agrees = stated.length === 0 || (twins.length === 1 && twins.every((twin) => meaning(twin) === meaning(item)));
  return agrees ? undefined : "the finished response does not hold this call";
}

/** The items as the last event repeats them. */
function statedOutput({ ends }: Assembly): readonly object[] {
  const output = own(own(ends.at(-1), "response"), "output");
  return Array.isArray(output) ? output.filter((item) => typeof item === "object" && item !== null) : [];
}

/** Calls that only the last event holds: they are answered, and refused, because the stream did not bring them. */
function onlyAtTheEnd(assembly: Assembly): readonly object[] {
  const ids = new Set(assembly.slots.map((slot) => idOf(itemOf(slot) ?? {})));
  return statedOutput(assembly)
    .filter((item) => normalise(item) !== undefined && !ids.has(idOf(item)))
    .map((item) => markFault(item, "the stream did not hold this call"));
}

function idOf(item: object): unknown {
  return own(item, "call_id") ?? own(item, "id");
}

/** What a call asks for, as text to compare. Items that are no calls are all alike: nothing runs for them. */
function meaning(item: object): string | undefined {
  const call = normalise(item);
  if (call === undefined) return undefined;
  try {
    return canonicalText([call.kind, call.id ?? null, call.tool, call.input ?? null]);
  } catch {
    return undefined;
  }
}

function problemOf({ problem, ends }: Assembly): string | undefined {
  if (problem !== undefined) return problem;
  const [end, second] = ends;
  if (end === undefined) return "the stream broke off";
  const whole = own(end, "type") === "response.completed" && second === undefined;
  const status = own(own(end, "response"), "status") ?? "completed";
  return whole && status === "completed" ? undefined : "the response was cut short";
}
