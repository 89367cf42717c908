import { chatCall, functionCall } from "./calls.fixture.ts";

export const SCREEN = { type: "computer_screenshot", image_url: "data:image/png;base64,AAAA" } as const;
const program = { type: "program", caller_id: "prog_1" } as const;

interface Row {
  readonly name: string;
  readonly item: object;
  readonly tool: string;
  /** What the policy looks at. */
  readonly input: unknown;
  /** What the handler gets, where it differs. */
  readonly given?: unknown;
  readonly result: unknown;
  readonly allowed: object;
  /** The answer to a refused call, without its text. */
  readonly denied: (text: string) => object | undefined;
}

/** Every kind of call that a program answers, with the answers that the APIs document. */
export const ROWS: readonly Row[] = [
  {
    name: "chat function",
    item: chatCall("c1", "buy", { item: "tea" }),
    tool: "buy",
    input: { item: "tea" },
    result: "sold",
    allowed: { role: "tool", tool_call_id: "c1", content: "sold" },
    denied: (content) => ({ role: "tool", tool_call_id: "c1", content }),
  },
  {
    name: "chat custom",
    item: { id: "c1", type: "custom", custom: { name: "note", input: "milk, tea" } },
    tool: "note",
    input: { input: "milk, tea" },
    given: "milk, tea",
    result: { noted: true },
    allowed: { role: "tool", tool_call_id: "c1", content: '{"noted":true}' },
    denied: (content) => ({ role: "tool", tool_call_id: "c1", content }),
  },
  {
    name: "function_call",
    item: { ...functionCall("c1", "buy", { item: "tea" }), caller: program },
    tool: "buy",
    input: { item: "tea" },
    result: 3,
    allowed: { type: "function_call_output", call_id: "c1", output: "3", caller: program },
    denied: (output) => ({ type: "function_call_output", call_id: "c1", output, caller: program }),
  },
  {
    name: "custom_tool_call",
    item: { type: "custom_tool_call", call_id: "c1", name: "note", input: "milk" },
    tool: "note",
    input: { input: "milk" },
    given: "milk",
    result: undefined,
    allowed: { type: "custom_tool_call_output", call_id: "c1", output: "" },
    denied: (output) => ({ type: "custom_tool_call_output", call_id: "c1", output }),
  },
  {
    name: "shell_call",
    item: {
      type: "shell_call",
      id: "sh_1",
      call_id: "c1",
      action: { commands: ["ls"], timeout_ms: null, max_output_length: 900 },
      environment: { type: "local" },
      status: "completed",
    },
    tool: "shell",
    input: { commands: ["ls"], timeout_ms: null, max_output_length: 900 },
    result: [{ stdout: "a\n", stderr: "", outcome: { type: "exit", exit_code: 0 } }],
    allowed: {
      type: "shell_call_output",
      call_id: "c1",
      max_output_length: 900,
      output: [{ stdout: "a\n", stderr: "", outcome: { type: "exit", exit_code: 0 } }],
    },
    denied: (stderr) => ({
      type: "shell_call_output",
      call_id: "c1",
      max_output_length: 900,
      output: [{ stdout: "", stderr, outcome: { type: "exit", exit_code: 126 } }],
    }),
  },
  {
    name: "local_shell_call",
    item: {
      type: "local_shell_call",
      id: "lsh_1",
      call_id: "c1",
      action: { type: "exec", command: ["ls"], env: {} },
      status: "completed",
    },
    tool: "local_shell",
    input: { type: "exec", command: ["ls"], env: {} },
    result: "a\n",
    allowed: { type: "local_shell_call_output", id: "c1", output: "a\n" },
    denied: (output) => ({ type: "local_shell_call_output", id: "c1", output }),
  },
  {
    name: "apply_patch_call",
    item: {
      type: "apply_patch_call",
      id: "ap_1",
      call_id: "c1",
      operation: { type: "update_file", path: "a.txt", diff: "+x" },
      status: "completed",
    },
    tool: "apply_patch",
    input: { type: "update_file", path: "a.txt", diff: "+x" },
    result: { status: "completed", output: "done" },
    allowed: { type: "apply_patch_call_output", call_id: "c1", status: "completed", output: "done" },
    denied: (output) => ({ type: "apply_patch_call_output", call_id: "c1", status: "failed", output }),
  },
  {
    name: "computer_call",
    item: {
      type: "computer_call",
      id: "cu_1",
      call_id: "c1",
      action: { type: "click", button: "left", x: 1, y: 2 },
      pending_safety_checks: [{ id: "sc_1", code: "malicious_instructions", message: "look twice" }],
      status: "completed",
    },
    tool: "computer",
    input: {
      actions: [{ type: "click", button: "left", x: 1, y: 2 }],
      pending_safety_checks: [{ id: "sc_1", code: "malicious_instructions", message: "look twice" }],
    },
    result: SCREEN,
    allowed: {
      type: "computer_call_output",
      call_id: "c1",
      output: SCREEN,
      acknowledged_safety_checks: [{ id: "sc_1", code: "malicious_instructions", message: "look twice" }],
    },
    denied: () => undefined,
  },
  {
    name: "mcp_approval_request",
    item: { type: "mcp_approval_request", id: "c1", server_label: "shop", name: "buy", arguments: '{"item":"tea"}' },
    tool: "mcp.shop.buy",
    input: { item: "tea" },
    result: true,
    allowed: { type: "mcp_approval_response", approval_request_id: "c1", approve: true },
    denied: (reason) => ({ type: "mcp_approval_response", approval_request_id: "c1", approve: false, reason }),
  },
];
