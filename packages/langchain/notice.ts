import type { Outcome } from "@leashkit/core";
import { ToolMessage } from "@langchain/core/messages";
import { isNamed } from "./codec.ts";
import type { Addressee } from "./refusal.ts";

type Result = Extract<Outcome<unknown>, { readonly kind: "result" }>;

/**
 * The result with what was changed before the call ran in front of it, as the model reads it: in a form of which LangChain makes
 * the message that it would have made without. Artifacts stay as they are. Without a tool call id a program called, and gets the
 * result untouched; where refusals are `texts` to it, a text is told as well.
 */
export function withNotice(
  { result, notice }: Pick<Result, "result" | "notice">,
  { toolCallId, pair }: Pick<Addressee, "toolCallId" | "pair">,
  texts: boolean,
): unknown {
  if (notice === undefined) return result;
  const told = (content: unknown): unknown => {
    if (toolCallId !== undefined) return contentWith(notice, content, toolCallId);
    return texts && typeof content === "string" ? blocksWith(notice, content) : content;
  };
  return pair && Array.isArray(result) && result.length === 2 ? [told(result[0]), result[1]] : told(result);
}

/**
 * The same for the content of a result.
 * @param toolCallId whose answer in a `Command` is told; undefined: every answer in it.
 */
export function contentWith(notice: string, content: unknown, toolCallId?: string): unknown {
  if (typeof content !== "object" || content === null) return blocksWith(notice, content);
  if (ToolMessage.isInstance(content)) return messageWith(notice, content);
  if (isNamed(content, "Command")) {
    return copyWith(content, { update: updateWith(content.update, (value) => answerWith(notice, value, toolCallId)) });
  }
  return "lc_direct_tool_output" in content ? content : blocksWith(notice, content);
}

/** As LangChain makes the content of a message: text and blocks as they are, anything else as JSON. */
function blocksWith(notice: string, content: unknown): unknown {
  if (Array.isArray(content) && content.every(isBlock)) return [{ type: "text", text: notice }, ...content];
  return `${notice}\n\n${typeof content === "string" ? content : jsonOf(content)}`;
}

function isBlock(item: unknown): boolean {
  return typeof item === "object" && item !== null && "type" in item;
}

function jsonOf(content: unknown): string {
  try {
    const text = JSON.stringify(content) as string | undefined;
    return text ?? "";
  } catch {
    return String(content);
  }
}

function messageWith(notice: string, message: { readonly content: unknown }): unknown {
  return copyWith(message, { content: blocksWith(notice, message.content) });
}

/** A message in an update, if it answers the call: of LangChain's class, or a plain object of which it will make one. */
function answerWith(notice: string, value: unknown, toolCallId: string | undefined): unknown {
  if (typeof value !== "object" || value === null || !("tool_call_id" in value && "content" in value)) return value;
  return toolCallId === undefined || value.tool_call_id === toolCallId ? messageWith(notice, value) : value;
}

/** A command's update: members or pairs, each of one value or a list of them; or one such list. */
function updateWith(update: unknown, told: (value: unknown) => unknown): unknown {
  const inList = (value: unknown): unknown => (Array.isArray(value) ? value.map(told) : told(value));
  if (Array.isArray(update))
    return update.map((item: unknown) => (Array.isArray(item) ? item.map(inList) : told(item)));
  if (typeof update !== "object" || update === null) return update;
  return copyWith(update, Object.fromEntries(Object.entries(update).map(([key, value]) => [key, inList(value)])));
}

/** Of the same class: what the tool made, and may keep, is not written to. */
function copyWith(value: object, members: object): object {
  return Object.assign(Object.create(Object.getPrototypeOf(value) as object | null) as object, value, members);
}
