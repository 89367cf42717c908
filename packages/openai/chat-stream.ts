import { markFault } from "./faults.ts";
import { CUT_SHORT, isWhole } from "./finish-reason.ts";
import { isObject, own, text } from "./members.ts";

/** A whole call of a streamed answer. An id that the stream left out is made up, so that the call can be answered. */
export type AssembledCall =
  | {
      readonly id: string;
      readonly type: "function";
      readonly function: { readonly name: string; readonly arguments: string };
    }
  | {
      readonly id: string;
      readonly type: "custom";
      readonly custom: { readonly name: string; readonly input: string };
    };

/** The streamed answer as the conversation keeps it. */
export interface AssembledMessage {
  readonly role: "assistant";
  readonly content: string | null;
  readonly refusal?: string;
  // Mutable, as the client's own type is.
  readonly tool_calls?: AssembledCall[];
}

/** A streamed answer, put together. */
export interface AssembledChat {
  readonly message: AssembledMessage;
  /** The message's own calls, for `run`. */
  readonly calls: readonly AssembledCall[];
}

/**
 * Puts a streamed answer of Chat Completions together: its first choice, text and calls.
 *
 * A call is refused by `run` unless the stream holds it whole and without contradiction. No call of an answer runs that was cut
 * short (`finish_reason` missing, `length`, `content_filter` or unknown). Pass the very objects to `run`: what was found wrong
 * with a call in the stream is noted beside the object, and a copy does not carry it.
 *
 * @throws what the stream throws; then there is nothing to run.
 * @example
 * const { message, calls } = await assembleChat(await client.chat.completions.create({ ...request, stream: true }));
 * const { outputs } = await interceptor.run(calls);
 * messages.push(message, ...outputs);
 */
export async function assembleChat(stream: AsyncIterable<object>): Promise<AssembledChat> {
  const assembly: Assembly = { content: undefined, refusal: undefined, drafts: [], places: new Map(), ends: [] };
  for await (const chunk of stream) takeChunk(assembly, chunk);
  const problem = problemOf(assembly);
  const calls = assembly.drafts.map((draft) => finished(draft, problem));
  const message: AssembledMessage = {
    role: "assistant",
    content: assembly.content ?? null,
    ...(assembly.refusal !== undefined && { refusal: assembly.refusal }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return { message, calls };
}

interface Draft {
  id?: string;
  type?: string;
  name?: string;
  body: string;
  problem?: string;
}

interface Assembly {
  content: string | undefined;
  refusal: string | undefined;
  readonly drafts: Draft[];
  /** Which call the fragments with an index belong to. */
  readonly places: Map<number, Draft>;
  readonly ends: unknown[];
  /** What is wrong with the stream as a whole. */
  problem?: string;
}

function takeChunk(assembly: Assembly, chunk: object): void {
  const choices = own(chunk, "choices");
  for (const choice of Array.isArray(choices) ? choices : []) {
    if ((own(choice, "index") ?? 0) !== 0) continue;
    takeDelta(assembly, own(choice, "delta"));
    const end = own(choice, "finish_reason") ?? undefined;
    if (end !== undefined) assembly.ends.push(end);
  }
}

function takeDelta(assembly: Assembly, delta: unknown): void {
  for (const key of ["content", "refusal"] as const) {
    const piece = own(delta, key);
    if (typeof piece === "string") assembly[key] = (assembly[key] ?? "") + piece;
  }
  const fragments = own(delta, "tool_calls") ?? [];
  if (!Array.isArray(fragments)) assembly.problem = "the stream holds calls that are no list";
  for (const fragment of Array.isArray(fragments) ? fragments : []) {
    if (assembly.ends.length > 0) assembly.problem = "the stream went on after its end";
    takeFragment(draftOf(assembly, fragment), fragment);
  }
}

/** The call that a fragment belongs to: named by its index, where servers leave that out by its id. */
function draftOf(assembly: Assembly, fragment: unknown): Draft {
  const [index, id] = [own(fragment, "index"), text(own(fragment, "id"))];
  if (Number.isSafeInteger(index)) return draftAt(assembly, index as number, id);
  if (id !== undefined) return assembly.drafts.find((draft) => draft.id === id) ?? open(assembly);
  // It may belong to any call, so none of them is known whole.
  assembly.problem = "a fragment of the stream names no call";
  return assembly.drafts.at(-1) ?? open(assembly);
}

function draftAt(assembly: Assembly, index: number, id: string | undefined): Draft {
  const known = assembly.places.get(index);
  if (known !== undefined && (known.id === undefined || id === undefined || known.id === id)) return known;
  const draft = open(assembly);
  assembly.places.set(index, draft);
  // Fragments without an id can then be of the one or of the other.
  if (known !== undefined) known.problem = draft.problem = "two calls share one index in the stream";
  return draft;
}

function open(assembly: Assembly): Draft {
  const draft: Draft = { body: "" };
  assembly.drafts.push(draft);
  return draft;
}

function takeFragment(draft: Draft, fragment: unknown): void {
  keep(draft, "id", own(fragment, "id"));
  keep(draft, "type", own(fragment, "type"));
  for (const [type, part] of [
    ["function", "arguments"],
    ["custom", "input"],
  ] as const) {
    const body = own(fragment, type);
    if (!isObject(body)) continue;
    keep(draft, "type", type);
    keep(draft, "name", own(body, "name"));
    append(draft, own(body, part) ?? "");
  }
}

/** Some servers repeat these members in every fragment; a change means that fragments of two calls were mixed. */
function keep(draft: Draft, key: "id" | "type" | "name", value: unknown): void {
  const stated = text(value);
  if (stated === undefined) return;
  draft[key] ??= stated;
  if (draft[key] !== stated) draft.problem ??= `fragments of the call disagree about its ${key}`;
}

/** Servers that send arguments as an object send them whole. */
function append(draft: Draft, piece: unknown): void {
  if (typeof piece === "string") draft.body += piece;
  else if (isObject(piece) && draft.body === "") draft.body = JSON.stringify(piece);
  else draft.problem ??= "a fragment of the arguments is not a text";
}

function problemOf({ problem, ends }: Assembly): string | undefined {
  if (problem !== undefined) return problem;
  if (ends.length === 0) return "the stream broke off";
  return ends.every(isWhole) ? undefined : CUT_SHORT;
}

function finished(draft: Draft, problem: string | undefined): AssembledCall {
  const { type = "function", name = "", body } = draft;
  const id = draft.id ?? `call_${crypto.randomUUID()}`;
  const call: AssembledCall =
    type === "custom"
      ? { id, type, custom: { name, input: body } }
      : { id, type: "function", function: { name, arguments: body } };
  const fault = problem ?? draft.problem ?? ownFault(draft, type);
  return fault === undefined ? call : markFault(call, fault);
}

function ownFault(draft: Draft, type: string): string | undefined {
  if (draft.id === undefined) return "the call has no id";
  return type === "function" || type === "custom" ? undefined : "calls of this kind are not supported";
}
