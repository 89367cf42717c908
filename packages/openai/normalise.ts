import type { CallLabels } from "@leashkit/core";
import { parseArguments, type Parsed } from "./arguments.ts";
import type { Call, Caller, CallKind } from "./call.ts";
import { faultOf } from "./faults.ts";
import { entryOf, isObject, own, text } from "./members.ts";

/** The part of a call that its kind decides. */
interface Reading extends Parsed {
  readonly kind: CallKind;
  readonly tool: string;
}

/**
 * One item of `message.tool_calls` (Chat Completions) or `response.output` (Responses) as a call. Undefined for items that are
 * no calls, and for calls that the API runs itself. Never throws: what cannot be read becomes a call with a problem.
 * @example normalise({ id: "c1", type: "function", function: { name: "buy", arguments: '{"item":"tea"}' } })
 */
export function normalise(item: object): Call | undefined {
  return isChatCall(item) ? chatCall(item) : responsesCall(item);
}

/** A chat call holds its body in a member that is named like its type. Some servers leave the type out. */
function isChatCall(item: object): boolean {
  const type = own(item, "type");
  if (type === "function" || type === "custom") return true;
  return type === undefined ? isObject(own(item, "function")) : typeof type === "string" && isObject(own(item, type));
}

function chatCall(item: object): Call {
  const type = own(item, "type") ?? "function";
  const reading = type === "custom" ? customReading(own(item, "custom")) : chatFunctionReading(item, type);
  return call(item, "chat", text(own(item, "id")), reading);
}

function chatFunctionReading(item: object, type: unknown): Reading {
  if (type !== "function") return unknownKind(String(type));
  return functionReading(own(item, "function"));
}

function responsesCall(item: object): Call | undefined {
  const type = text(own(item, "type"));
  if (type === undefined || isHosted(item, type)) return undefined;
  const read = entryOf(READERS, type);
  if (read === undefined && !/_(?:call|request)$/u.test(type)) return undefined;
  return call(item, "responses", text(answerId(item, type)), read?.(item) ?? unknownKind(type));
}

/** The `call_id`, save for the kinds that are answered by the id of the item itself; an unknown kind could be one of them. */
function answerId(item: object, type: string): unknown {
  if (type === "mcp_approval_request") return own(item, "id");
  const mayBeItsOwn = type === "local_shell_call" || entryOf(READERS, type) === undefined;
  return own(item, "call_id") ?? (mayBeItsOwn ? own(item, "id") : undefined);
}

const HOSTED: ReadonlySet<string> = new Set([
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "image_generation_call",
  "mcp_call",
]);

/** Calls that run at the provider: nothing waits for an answer, and no gate of ours stands before them. */
function isHosted(item: object, type: string): boolean {
  if (type === "shell_call") return own(own(item, "environment"), "type") === "container_reference";
  if (type === "tool_search_call") return own(item, "execution") === "server";
  return HOSTED.has(type);
}

const READERS: Readonly<Record<string, (item: object) => Reading>> = {
  function_call: functionReading,
  custom_tool_call: customReading,
  shell_call: shellReading,
  local_shell_call: (item) => commandsReading(item, "local_shell", "command"),
  apply_patch_call: patchReading,
  computer_call: computerReading,
  mcp_approval_request: mcpReading,
};

/** Chat and Responses name the parts of a function call alike; the one nests them. */
function functionReading(body: unknown): Reading {
  return named(body, { kind: "function", tool: toolName(body), ...parseArguments(own(body, "arguments")) });
}

function customReading(body: unknown): Reading {
  const input = own(body, "input");
  const problem = typeof input === "string" ? undefined : "the input is not a text";
  return named(body, { kind: "custom", tool: toolName(body), input, problem });
}

function mcpReading(item: object): Reading {
  const tool = `mcp.${text(own(item, "server_label")) ?? ""}.${text(own(item, "name")) ?? ""}`;
  const reading: Reading = { kind: "mcp_approval", tool, ...parseArguments(own(item, "arguments")) };
  return text(own(item, "server_label")) === undefined ? unnamed(reading) : named(item, reading);
}

function toolName(body: unknown): string {
  const namespace = text(own(body, "namespace"));
  const name = text(own(body, "name")) ?? "";
  return namespace === undefined ? name : `${namespace}.${name}`;
}

function named(body: unknown, reading: Reading): Reading {
  return text(own(body, "name")) === undefined ? unnamed(reading) : reading;
}

function unnamed(reading: Reading): Reading {
  return { ...reading, problem: "the call names no tool" };
}

function commandsReading(item: object, kind: "shell" | "local_shell", member: "commands" | "command"): Reading {
  const input = own(item, "action");
  const commands = own(input, member);
  const fits = Array.isArray(commands) && commands.every((command) => typeof command === "string");
  return { kind, tool: kind, input, problem: fits ? undefined : `action.${member} is not a list of texts` };
}

/** Commands that are meant for another machine are not for this one. */
function shellReading(item: object): Reading {
  const reading = commandsReading(item, "shell", "commands");
  const environment = own(item, "environment") ?? undefined;
  const isLocal = environment === undefined || own(environment, "type") === "local";
  return isLocal ? reading : { ...reading, problem: "the environment is not local" };
}

const OPERATIONS: ReadonlySet<unknown> = new Set(["create_file", "update_file", "delete_file"]);

function patchReading(item: object): Reading {
  const input = own(item, "operation");
  const fits = OPERATIONS.has(own(input, "type")) && text(own(input, "path")) !== undefined;
  const problem = fits ? undefined : "the operation is not a creation, an update or a deletion of a path";
  return { kind: "apply_patch", tool: "apply_patch", input, problem };
}

function computerReading(item: object): Reading {
  const [one, many] = [own(item, "action") ?? undefined, own(item, "actions") ?? undefined];
  const actions: unknown = many ?? (one === undefined ? [] : [one]);
  const input = { actions, pending_safety_checks: own(item, "pending_safety_checks") ?? [] };
  const reading = { kind: "computer", tool: "computer", input } as const;
  if (one !== undefined && many !== undefined) return { ...reading, problem: "it states both action and actions" };
  const fits = Array.isArray(actions) && actions.length > 0 && actions.every(isObject);
  return { ...reading, problem: fits ? undefined : "it states no actions" };
}

function unknownKind(tool: string): Reading {
  return { kind: "unknown", tool, input: undefined, problem: "calls of this kind are not supported" };
}

function call(item: object, api: Call["api"], id: string | undefined, reading: Reading): Call {
  const caller = own(item, "caller");
  const problem = faultOf(item) ?? unfinished(item, api) ?? reading.problem;
  return {
    ...reading,
    api,
    id,
    problem: problem ?? (id === undefined ? "the call has no id" : undefined),
    caller: isObject(caller) ? (caller as unknown as Caller) : undefined,
    labels: labelsOf(item),
    item,
  };
}

function unfinished(item: object, api: Call["api"]): string | undefined {
  const status = own(item, "status") ?? "completed";
  return api === "chat" || status === "completed" ? undefined : "the call is not finished";
}

/** Who made the call, for policies that tell a model's own calls from those of the programs and agents it runs. */
function labelsOf(item: object): CallLabels {
  const caller = text(own(own(item, "caller"), "type"));
  const agent = text(own(own(item, "agent"), "agent_name")) ?? text(own(item, "agent_name"));
  const labels = [
    ...(caller === undefined ? [] : [`caller:${caller}`]),
    ...(agent === undefined ? [] : [`agent:${agent}`]),
  ];
  return labels.length === 0 ? {} : { "": labels };
}
