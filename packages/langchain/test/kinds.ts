import { RunnableLambda } from "@langchain/core/runnables";
import { DynamicStructuredTool, DynamicTool, tool } from "@langchain/core/tools";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import { ClassTool, coercing, PrivateTool, TextTool } from "./classes.ts";

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

/** Any LangChain tool, as a host that knows nothing of its types calls it. */
export interface TestTool {
  readonly name: string;
  readonly lc_kwargs: object;
  readonly constructor: new (fields: object) => TestTool;
  invoke(input: unknown, config?: object): Promise<unknown>;
  call?(input: unknown): Promise<unknown>;
  _call?(input: unknown): unknown;
  func?(input: unknown): unknown;
  batch(inputs: readonly unknown[]): Promise<unknown>;
  stream(input: unknown): Promise<AsyncIterable<unknown>>;
  streamEvents(input: unknown, options: object): AsyncIterable<unknown>;
  pipe(next: (output: unknown) => unknown): Pick<TestTool, "invoke">;
  withConfig(config: object): Pick<TestTool, "invoke">;
  withRetry(options: object): Pick<TestTool, "invoke">;
}

type Work = (input: unknown) => string;

const zod3 = z3.object({ a: z3.coerce.number(), b: z3.string().default("x") });
const json = { type: "object", properties: { a: { type: "number" }, b: { type: "string" } }, required: ["a"] } as const;

const coerced = { args: { a: "5", extra: 1 }, parsed: { a: 5, b: "x" } };
const text = { args: { input: "hello" }, parsed: "hello" };

/** One tool of every kind that LangChain knows, all doing the same work. */
export function kindCases(ledger: Ledger): readonly KindCase[] {
  const work: Work = (input) => {
    ledger.done.push(input);
    return "worked";
  };
  const cases = [...fromFunctions(work), ...fromConstructors(work), ...fromElsewhere(work)];
  return cases as unknown as readonly KindCase[];
}

type UntypedCase = Omit<KindCase, "tool"> & { readonly tool: object };

function fromFunctions(work: Work): readonly UntypedCase[] {
  return [
    { kind: "tool() with zod 4", tool: tool(work, { name: "t_zod4", description: "d", schema: coercing }), ...coerced },
    {
      kind: "tool() with zod 3",
      tool: tool(work, { name: "t_zod3", description: "d", schema: zod3 as never }),
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
      ...text,
    },
    {
      kind: "an async generator",
      tool: tool(
        async function* (input: unknown) {
          yield "step";
          return work(input);
        },
        { name: "t_generator", description: "d", schema: coercing },
      ),
      ...coerced,
    },
  ];
}

function fromConstructors(work: Work): readonly UntypedCase[] {
  return [
    {
      kind: "DynamicTool",
      tool: new DynamicTool({ name: "t_dynamic", description: "d", func: async (input) => work(input) }),
      ...text,
    },
    {
      kind: "DynamicStructuredTool",
      tool: new DynamicStructuredTool({
        name: "t_structured",
        description: "d",
        schema: coercing,
        func: async (input) => work(input),
      }),
      ...coerced,
    },
    { kind: "a class that extends StructuredTool", tool: new ClassTool(work), ...coerced },
    { kind: "a class that extends Tool", tool: new TextTool(work), ...text },
    { kind: "a class with private members, patched", tool: new PrivateTool(work), ...coerced, patch: true },
  ];
}

function fromElsewhere(work: Work): readonly UntypedCase[] {
  return [
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
      ...text,
    },
    {
      kind: "a runnable made into a tool",
      tool: RunnableLambda.from((input: unknown) => work(input)).asTool({
        name: "t_runnable",
        description: "d",
        schema: coercing,
      }),
      ...coerced,
    },
  ];
}
