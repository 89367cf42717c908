import type { LeashDenied, LeashPending, Outcome } from "@leashkit/core";
import { ToolMessage } from "@langchain/core/messages";
import type { Settings } from "./options.ts";

/** The machine-readable half of a refusal: `ToolMessage.artifact.leash`. Models never see it. */
export interface RefusalArtifact {
  readonly v: 1;
  readonly code: string;
  readonly reasonCode: string | null;
  readonly approvalId: string | null;
  readonly ref: string | null;
}

/** An attempt that ended without a run of the tool. */
export type Refused = Exclude<Outcome<never>, { readonly kind: "result" | "failed" }>;

/** Where a refusal goes. `pair`: the tool answers with `[content, artifact]`. */
export interface Addressee {
  readonly tool: string;
  readonly toolCallId: string | undefined;
  readonly pair: boolean;
}

/**
 * What the caller gets instead of a result: models a message with status `error` (which also keeps a `returnDirect` tool from
 * ending the run with it), programs the typed error.
 * @throws the error itself when the run was aborted, or it is to be thrown.
 */
export function refuse({ kind, text, error }: Refused, to: Addressee, onDeny: Settings["onDeny"]): unknown {
  if (kind === "aborted" || onDeny === "throw") throw error;
  if (to.toolCallId === undefined && onDeny !== "return") throw error;
  const content = to.toolCallId === undefined ? text : refusalMessage(error, text, to.tool, to.toolCallId);
  return to.pair ? [content, undefined] : content;
}

function refusalMessage(error: Refused["error"], content: string, name: string, toolCallId: string): ToolMessage {
  const artifact = { leash: artifactOf(error) };
  return new ToolMessage({ status: "error", content, name, tool_call_id: toolCallId, artifact });
}

function artifactOf(error: Refused["error"]): RefusalArtifact {
  const { reasonCode, approvalId, ref } = error as Partial<LeashDenied> & Partial<LeashPending>;
  return {
    v: 1,
    code: error.code,
    reasonCode: reasonCode ?? null,
    approvalId: approvalId ?? null,
    ref: ref ?? null,
  };
}

/** The artifact of a message that this adapter wrote instead of a result, undefined for any other. */
export function refusalOf(message: unknown): RefusalArtifact | undefined {
  if (!ToolMessage.isInstance(message) || message.status !== "error") return undefined;
  const artifact: unknown = message.artifact;
  if (typeof artifact !== "object" || artifact === null || !("leash" in artifact)) return undefined;
  const { leash } = artifact;
  const known = typeof leash === "object" && leash !== null && "v" in leash && leash.v === 1 && "code" in leash;
  return known ? (leash as RefusalArtifact) : undefined;
}
