import type { Caller } from "./call.ts";

// Texts are typed as `string`, because the oldest client that is supported knows nothing else. A result that is a list of the
// API's own content parts is passed on as it is.

/** Answer to a call of Chat Completions. */
export interface ToolMessage {
  readonly role: "tool";
  readonly tool_call_id: string;
  readonly content: string;
}

interface Called {
  readonly call_id: string;
  readonly caller?: Caller;
}

export interface FunctionCallOutput extends Called {
  readonly type: "function_call_output";
  readonly output: string;
}

export interface CustomToolCallOutput extends Called {
  readonly type: "custom_tool_call_output";
  readonly output: string;
}

/** What one command of a shell call wrote, and how it ended. */
export interface ShellChunk {
  readonly stdout: string;
  readonly stderr: string;
  readonly outcome: { readonly type: "exit"; readonly exit_code: number } | { readonly type: "timeout" };
}

export interface ShellCallOutput extends Called {
  readonly type: "shell_call_output";
  // Mutable, as the client's own type is.
  readonly output: ShellChunk[];
  readonly max_output_length?: number;
}

export interface LocalShellCallOutput {
  readonly type: "local_shell_call_output";
  readonly id: string;
  readonly output: string;
}

export interface ApplyPatchCallOutput extends Called {
  readonly type: "apply_patch_call_output";
  readonly status: "completed" | "failed";
  readonly output?: string;
}

export interface Screenshot {
  readonly type: "computer_screenshot";
  readonly image_url?: string;
  readonly file_id?: string;
}

export interface ComputerCallOutput {
  readonly type: "computer_call_output";
  readonly call_id: string;
  readonly output: Screenshot;
  readonly acknowledged_safety_checks?: { readonly id: string }[];
}

export interface McpApprovalResponse {
  readonly type: "mcp_approval_response";
  readonly approval_request_id: string;
  readonly approve: boolean;
  readonly reason?: string;
}

/** Which answer belongs to which type of call. */
interface Answers {
  readonly function: ToolMessage;
  readonly custom: ToolMessage;
  readonly function_call: FunctionCallOutput;
  readonly custom_tool_call: CustomToolCallOutput;
  readonly shell_call: ShellCallOutput;
  readonly local_shell_call: LocalShellCallOutput;
  readonly apply_patch_call: ApplyPatchCallOutput;
  readonly computer_call: ComputerCallOutput;
  readonly mcp_approval_request: McpApprovalResponse;
}

/** An item that answers a call. */
export type Answer = Answers[keyof Answers];

/** The answers that items of this type can get: `message.tool_calls` gets tool messages only, and so on. */
export type AnswerTo<Item> = Item extends { readonly type: infer Type extends string }
  ? string extends Type
    ? Answer
    : Type extends keyof Answers
      ? Answers[Type]
      : never
  : Answer;
