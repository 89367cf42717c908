import type { Call, Caller, CallKind } from "./call.ts";
import { withNotice, type Ending } from "./ending.ts";
import { isObject, own, text } from "./members.ts";
import type { Answer, Screenshot, ShellChunk } from "./outputs.ts";

/** The item that answers a call, in the form of the call's own API. Undefined where the API has no form for this answer. */
export function encode(call: Call, ending: Ending): Answer | undefined {
  const { id } = call;
  if (id === undefined) return undefined;
  if (call.api === "chat") return { role: "tool", tool_call_id: id, content: words(ending, CHAT_PARTS) };
  return ENCODERS[call.kind](call, id, ending);
}

type Encoder = (call: Call, id: string, ending: Ending) => Answer | undefined;

const ENCODERS: Readonly<Record<CallKind, Encoder>> = {
  function: (call, id, ending) => ({
    type: "function_call_output",
    call_id: id,
    output: words(ending, INPUT_PARTS),
    ...callerOf(call),
  }),
  custom: (call, id, ending) => ({
    type: "custom_tool_call_output",
    call_id: id,
    output: words(ending, INPUT_PARTS),
    ...callerOf(call),
  }),
  shell: (call, id, ending) => ({
    type: "shell_call_output",
    call_id: id,
    output: shellChunks(ending),
    ...outputLimit(call),
    ...callerOf(call),
  }),
  local_shell: (_call, id, ending) => ({ type: "local_shell_call_output", id, output: words(ending) }),
  apply_patch: (call, id, ending) => ({
    type: "apply_patch_call_output",
    call_id: id,
    ...patchResult(ending),
    ...callerOf(call),
  }),
  computer: computerAnswer,
  mcp_approval: (_call, id, ending) =>
    ending.kind === "result" && ending.result === true
      ? { type: "mcp_approval_response", approval_request_id: id, approve: true }
      : { type: "mcp_approval_response", approval_request_id: id, approve: false, reason: words(ending) },
  unknown: () => undefined,
};

/** The content parts that an API takes in the place of a text, and which of them is one. */
interface Parts {
  readonly text: "text" | "input_text";
  readonly known: ReadonlySet<unknown>;
}

const CHAT_PARTS: Parts = { text: "text", known: new Set(["text"]) };
const INPUT_PARTS: Parts = { text: "input_text", known: new Set(["input_text", "input_image", "input_file"]) };

/** A result as text, behind what was changed before the call ran. Content parts pass where the API takes them. */
function words(ending: Ending, parts?: Parts): string {
  if (ending.kind !== "result") return ending.text;
  const { result, notice } = ending;
  if (parts === undefined || !areParts(result, parts)) return withNotice(textOf(result), notice);
  const told = notice === undefined ? result : [{ type: parts.text, text: notice }, ...result];
  return told as unknown as string;
}

function areParts(result: unknown, { known }: Parts): result is readonly unknown[] {
  return Array.isArray(result) && result.length > 0 && result.every((part) => known.has(own(part, "type")));
}

/** Text as it is, nothing as the empty text, anything else as JSON. */
function textOf(result: unknown): string {
  if (result === undefined) return "";
  return typeof result === "string" ? result : JSON.stringify(result);
}

function callerOf({ caller }: Call): { readonly caller?: Caller } {
  return caller === undefined ? {} : { caller };
}

/** The API asks for the limit of the call to be repeated. */
function outputLimit({ item }: Call): { readonly max_output_length?: number } {
  const limit = own(own(item, "action"), "max_output_length");
  return typeof limit === "number" ? { max_output_length: limit } : {};
}

/** What a shell reports for a command that it may not execute. */
const NOT_EXECUTABLE = 126;

function shellChunks(ending: Ending): ShellChunk[] {
  if (ending.kind === "refused") return [chunk("", ending.text, NOT_EXECUTABLE)];
  if (ending.kind === "failed") return [chunk("", ending.text, 1)];
  const { result, notice } = ending;
  const chunks: readonly unknown[] = Array.isArray(result) ? result : [result];
  const written = chunks.length > 0 && chunks.every(isChunk) ? chunks : [chunk(textOf(result), "", 0)];
  return written.map((each, index) => (index === 0 ? noted(each, notice) : each));
}

/** On its standard error, where a shell's own remarks stand: what the command wrote stays as it is. */
function noted(first: ShellChunk, notice: string | undefined): ShellChunk {
  if (notice === undefined) return first;
  return { ...first, stderr: first.stderr === "" ? notice : withNotice(first.stderr, notice) };
}

function chunk(stdout: string, stderr: string, exitCode: number): ShellChunk {
  return { stdout, stderr, outcome: { type: "exit", exit_code: exitCode } };
}

function isChunk(value: unknown): value is ShellChunk {
  const type = own(own(value, "outcome"), "type");
  return (
    typeof own(value, "stdout") === "string" &&
    typeof own(value, "stderr") === "string" &&
    (type === "exit" || type === "timeout")
  );
}

function patchResult(ending: Ending): { readonly status: "completed" | "failed"; readonly output?: string } {
  if (ending.kind !== "result") return { status: "failed", output: ending.text };
  const { result, notice } = ending;
  const status = own(result, "status");
  const isStated = status === "completed" || status === "failed";
  const stated: unknown = isStated ? own(result, "output") : result === undefined ? undefined : textOf(result);
  const output = typeof stated === "string" ? withNotice(stated, notice) : notice;
  return { status: isStated ? status : "completed", ...(output !== undefined && { output }) };
}

/** The policy and the person saw the pending safety checks in the input: leave to run is their acknowledgement. */
function computerAnswer({ item }: Call, id: string, ending: Ending): Answer | undefined {
  const output = ending.kind === "result" ? screenshotOf(ending.result) : undefined;
  if (output === undefined) return undefined;
  const checks = pendingChecks(item);
  const acknowledged = checks.length > 0 ? { acknowledged_safety_checks: [...checks] } : {};
  return { type: "computer_call_output", call_id: id, output, ...acknowledged };
}

/** The answer to a computer call that did not run: the screen as it is, and no acknowledgement. */
export function unchangedScreen({ id, item }: Call, screenshot: unknown): Answer | undefined {
  const output = screenshotOf(screenshot);
  if (id === undefined || output === undefined || pendingChecks(item).length > 0) return undefined;
  return { type: "computer_call_output", call_id: id, output };
}

function pendingChecks(item: object): readonly { readonly id: string }[] {
  const checks = own(item, "pending_safety_checks");
  return Array.isArray(checks) ? checks : [];
}

function screenshotOf(value: unknown): Screenshot | undefined {
  if (typeof value === "string" && /^(?:data:image\/|https?:\/\/)/u.test(value)) {
    return { type: "computer_screenshot", image_url: value };
  }
  if (!isObject(value) || own(value, "type") !== "computer_screenshot") return undefined;
  const known = text(own(value, "image_url")) ?? text(own(value, "file_id"));
  return known === undefined ? undefined : (value as unknown as Screenshot);
}
