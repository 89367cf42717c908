import type { Json, ResultCodec } from "@leashkit/core";
import {
  BaseMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessageToChatMessage,
  type StoredMessage,
} from "@langchain/core/messages";

/** LangGraph's `Command`, as far as it is recorded. */
export interface CommandFields {
  readonly graph?: string;
  readonly update?: unknown;
  readonly resume?: unknown;
  readonly goto?: unknown;
}
export type CommandClass = new (fields: CommandFields) => unknown;

type Plain = { readonly [key: string]: Json };

/** Marks what is not plain JSON. A plain object that happens to hold this key is recorded inside a mark of its own. */
const MARK = "leashkit.langchain/1";

class NotRecordable extends Error {}

/**
 * Records tool results for a re-execution of the same call: plain JSON as it is, messages in LangChain's stored form, commands
 * by their fields. Only these kinds are ever built again from a record; a result that holds anything else is not recorded.
 * `Command` is LangGraph's class, where that package is installed.
 */
export function resultCodec(Command: CommandClass | undefined): ResultCodec<unknown> {
  return {
    encode(result) {
      try {
        return encode(result, 0);
      } catch (error) {
        if (error instanceof NotRecordable) return undefined;
        throw error;
      }
    },
    decode: (recorded) => decode(recorded, Command),
  };
}

const MAX_DEPTH = 60;

function encode(value: unknown, depth: number): Json {
  if (depth > MAX_DEPTH) throw new NotRecordable();
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return value;
  if (value === undefined) return { [MARK]: "undefined" };
  if (typeof value !== "object") throw new NotRecordable();
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => encode(item, depth + 1));
  if (BaseMessage.isInstance(value)) return encodeMessage(value, depth);
  if (isNamed(value, "Command")) return encodeCommand(value, depth);
  if (isNamed(value, "Send"))
    return { [MARK]: "send", value: encodeMembers({ node: value.node, args: value.args }, depth) };
  return encodePlain(value, depth);
}

function encodeMessage(message: BaseMessage, depth: number): Json {
  const [stored] = mapChatMessagesToStoredMessages([message]);
  if (stored === undefined) throw new NotRecordable();
  // The stored form names the members, but flattens values such as a Map: those of the message itself count.
  const own = message as unknown as Readonly<Record<string, unknown>>;
  const data = Object.entries(stored.data).map(([key, value]) => [key, key in own ? own[key] : value] as const);
  return { [MARK]: "message", value: encodeMembers({ type: stored.type, data: Object.fromEntries(data) }, depth) };
}

function encodeCommand({ graph, update, resume, goto }: CommandFields, depth: number): Json {
  return { [MARK]: "command", value: encodeMembers({ graph, update, resume, goto }, depth) };
}

function encodePlain(value: object, depth: number): Json {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NotRecordable();
  const members = encodeMembers(value, depth);
  return Object.hasOwn(members, MARK) ? { [MARK]: "plain", value: members } : members;
}

function encodeMembers(value: object, depth: number): Plain {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, encode(member, depth + 1)]));
}

function decode(recorded: Json, Command: CommandClass | undefined): unknown {
  if (Array.isArray(recorded)) return recorded.map((item: Json) => decode(item, Command));
  if (typeof recorded !== "object" || recorded === null) return recorded;
  const plain = recorded as Plain;
  const kind = Object.hasOwn(plain, MARK) ? plain[MARK] : undefined;
  if (kind === undefined) return decodeMembers(plain, Command);
  if (kind === "undefined") return undefined;
  const members = decodeMembers(plain["value"] as Plain, Command);
  if (kind === "plain" || kind === "send") return members;
  if (kind === "message") return mapStoredMessageToChatMessage(members as unknown as StoredMessage);
  if (kind === "command" && Command !== undefined) return new Command(members);
  throw new TypeError("A recorded tool result is of a kind that cannot be built again here.");
}

function decodeMembers(members: Plain, Command: CommandClass | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, decode(member, Command)]));
}

/** LangGraph marks its classes with a name, so that another installed copy makes no difference. */
export function isNamed(
  value: object,
  name: string,
): value is CommandFields & { readonly node?: unknown; readonly args?: unknown } {
  return "lg_name" in value && value.lg_name === name;
}

let commandClass: Promise<CommandClass | undefined> | undefined;

/** LangGraph's `Command` class. Looked for only where a graph is running or resumed, so that LangChain alone is enough otherwise. */
export function loadCommand(): Promise<CommandClass | undefined> {
  commandClass ??= import("@langchain/langgraph").then(
    ({ Command }) => Command as CommandClass,
    () => undefined,
  );
  return commandClass;
}
