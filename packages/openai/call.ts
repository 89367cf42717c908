import type { CallLabels } from "@leashkit/core";

/** Which of the two APIs an item belongs to. */
export type Api = "chat" | "responses";

/** What a model can ask a program to do. `unknown` is a call of a kind that this version does not know: it never runs. */
export type CallKind =
  | "function"
  | "custom"
  | "shell"
  | "local_shell"
  | "apply_patch"
  | "computer"
  | "mcp_approval"
  | "unknown";

/** Where a call was made from, as the Responses API states it; an output must repeat it. */
export type Caller = { readonly type: "direct" } | { readonly type: "program"; readonly caller_id: string };

/** One call of either API in one form. */
export interface Call {
  readonly api: Api;
  readonly kind: CallKind;
  /** What the output must name; undefined where the item has none. */
  readonly id: string | undefined;
  /** The name under which the gate knows the tool. */
  readonly tool: string;
  /** What the policy looks at, before a schema has read it. Undefined where it could not be read. */
  readonly input: unknown;
  /** What is wrong with the item: such a call is refused. Names places and rules, never a value. */
  readonly problem: string | undefined;
  readonly caller: Caller | undefined;
  readonly labels: CallLabels;
  readonly item: object;
}
