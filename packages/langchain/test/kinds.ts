import { RunnableLambda } from "@langchain/core/runnables";
import { DynamicStructuredTool, DynamicTool, StructuredTool, Tool, tool } from "@langchain/core/tools";
import { z } from "zod";
import { z as z3 } from "zod/v3";

/** Counts what tools did, with what they got. */
export interface Ledger {
  readonly done: unknown[];
}

export interface KindCase {
  readonly kind: string;
  readonly tool: TestTool;
  readonly args: Record<string, unknown> | string;
  /** What the tool's own work is given after the schema's parse. */
  readonly parsed: unknown;
  readonly patch?: boolean;
}

/** Any LangChain tool, as a test calls it. */
// oxlint-disable-next-line typescript/no-explicit-any -- LangChain's own tool types are generic over erased schemas
export type TestTool = any;

const zod4 = z.object({ a: z.coerce.number(), b: z.string().default("x") });
const zod3 = z3.object({ a: z3.coerce.number(), b: z3.string().default("x") });
const json = { type: "object", properties: { a: { type: "number" }, b: { type: "string" } }, required: ["a"] } as const;

export function kindCases(ledger: Ledger): readonly KindCase[] {
  const work = (input: unknown): string => {
    ledger.done.push(input);
    return "worked";
  };
  const coerced = { args: { a: "5", extra: 1 }, parsed: { a: 5, b: "x" } };
  return [
    { kind: "tool() with zod 4", tool: tool(work, { name: "t_zod4", description: "d", schema: zod4 }), ...coerced },
    {
      kind: "tool() with zod 3",
      tool: tool(work, { name: "t_zod3", description: "d", schema: zod3 as TestTool }),
      ...coerced,
    },
    {
      kind: "tool() with a JSON schema",
      tool: tool(work, { name: "t_json", description: "d", schema: json }),
      args: { a: 5, extra: 1 },
      parsed: { a: 5, extra: 1 },
    },
    {
      kind: "tool() with a string",
      tool: tool((input: string) => work(input), { name: "t_text", description: "d", schema: z.string() }),
      args: { input: "hello" },
      parsed: "hello",
    },
    {
      kind: "DynamicTool",
      tool: new DynamicTool({ name: "t_dynamic", description: "d", func: async (input) => work(input) }),
      args: { input: "hello" },
      parsed: "hello",
    },
    {
      kind: "DynamicStructuredTool",
      tool: new DynamicStructuredTool({
        name: "t_structured",
        description: "d",
        schema: zod4,
        func: async (input) => work(input),
      }),
      ...coerced,
    },
    { kind: "a class that extends StructuredTool", tool: new ClassTool(work), ...coerced },
    { kind: "a class that extends Tool", tool: new TextTool(work), args: { input: "hello" }, parsed: "hello" },
    { kind: "a class with private members, patched", tool: new PrivateTool(work), ...coerced, patch: true },
    {
      kind: "an MCP adapter's tool",
      tool: new DynamicStructuredTool({
        name: "t_mcp",
        description: "d",
        schema: json,
        responseFormat: "content_and_artifact",
        metadata: { annotations: { readOnlyHint: true, idempotentHint: true } },
        func: async (input) => [work(input), { raw: true }],
      }),
      args: { a: 5 },
      parsed: { a: 5 },
    },
    {
      kind: "a custom tool of OpenAI's",
      tool: new DynamicTool({
        name: "t_custom",
        description: "d",
        metadata: { customTool: { name: "t_custom" } },
        func: async (input) => work(input),
      }),
      args: { input: "hello" },
      parsed: "hello",
    },
    {
      kind: "an async generator",
      tool: tool(
        async function* (input: unknown) {
          yield "step";
          return work(input);
        },
        { name: "t_generator", description: "d", schema: zod4 },
      ),
      ...coerced,
    },
    {
      kind: "a runnable made into a tool",
      tool: RunnableLambda.from((input: unknown) => work(input)).asTool({
        name: "t_runnable",
        description: "d",
        schema: zod4 as TestTool,
      }),
      ...coerced,
    },
  ];
}

export class ClassTool extends StructuredTool {
  name = "t_class";
  description = "d";
  schema = zod4;
  readonly work: (input: unknown) => string;
  constructor(work: (input: unknown) => string) {
    super();
    this.work = work;
  }
  override async _call(input: unknown): Promise<string> {
    return this.work(input);
  }
  ownMember(): string {
    return "own";
  }
}

export class TextTool extends Tool {
  name = "t_text_class";
  description = "d";
  readonly work: (input: unknown) => string;
  constructor(work: (input: unknown) => string) {
    super();
    this.work = work;
  }
  override async _call(input: string): Promise<string> {
    return this.work(input);
  }
}

export class PrivateTool extends StructuredTool {
  name = "t_private";
  description = "d";
  schema = zod4;
  readonly #work: (input: unknown) => string;
  constructor(work: (input: unknown) => string) {
    super();
    this.#work = work;
  }
  override async _call(input: unknown): Promise<string> {
    return this.#work(input);
  }
  secretLength(): number {
    return this.#work.length;
  }
}
