import { refusalText, type Json, type Leash } from "@leashkit/core";
import { wrapTool } from "@leashkit/langchain";
import { tool, type ToolMessage } from "langchain";
import { z } from "zod";

/** The work behind the tool: what it does is the scenario's business. */
export type Work = (input: Json) => Promise<string>;

/** How a call ended for whoever made it. */
export interface Ending {
  readonly kind: "result" | "refusal" | "error";
  readonly text: string;
}

/** One way to bring a call of the tool `buy` before a leash. */
export interface Binding {
  readonly name: string;
  call(leash: Leash, input: { readonly item: string; readonly amount: number }, work: Work): Promise<Ending>;
}

const direct: Binding = {
  name: "guard",
  async call(leash, input, work) {
    leash.register({ id: "buy" });
    try {
      return { kind: "result", text: await leash.guard({ tool: "buy", input }, work) };
    } catch (error) {
      const text = refusalText(error);
      return text === undefined ? { kind: "error", text: String(error) } : { kind: "refusal", text };
    }
  },
};

const SCHEMA = z.object({ item: z.string(), amount: z.number() });

const langchain: Binding = {
  name: "langchain",
  async call(leash, input, work) {
    const buy = tool((args: z.infer<typeof SCHEMA>) => work(args), {
      name: "buy",
      description: "Buy.",
      schema: SCHEMA,
    });
    try {
      const call = { type: "tool_call", id: "call-1", name: "buy", args: { ...input } } as const;
      const message: ToolMessage = await wrapTool(buy, leash).invoke(call);
      return { kind: message.status === "error" ? "refusal" : "result", text: message.text };
    } catch (error) {
      return { kind: "error", text: String(error) };
    }
  },
};

export const BINDINGS: readonly Binding[] = [direct, langchain];
