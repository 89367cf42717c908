import { createLeash, type Leash, type ToolCall } from "@leashkit/core";
import { seededRandom } from "@leashkit/core/testing";
import { wrapTools as helloTools } from "@leashkit/hello";
import { wrapTool } from "@leashkit/langchain";
import { leashTool } from "@leashkit/llamaindex";
import { createInterceptor } from "@leashkit/openai";
import { FunctionTool } from "@llamaindex/core/tools";
import { tool } from "langchain";
import { z } from "zod";
import type { Report, RunOptions } from "../report.ts";
import { measure, shuffled, type Candidate, type Measured } from "./measure.ts";

/** One allowed call; what the tool does is next to nothing. */
const POLICY =
  "leash: 1\ndefault: deny\nrules:\n  - { id: small, action: buy, when: input.amount < 100, effect: allow }\n";
const INPUT = { item: "a small lamp", amount: 19 };
const SCHEMA = z.object({ item: z.string(), amount: z.number() });
const JSON_SCHEMA = {
  type: "object",
  properties: { item: { type: "string" }, amount: { type: "number" } },
  required: ["item", "amount"],
  additionalProperties: false,
};
const buy = async ({ item }: { readonly item: string }): Promise<string> => `bought ${item}`;

/** One host, with and without the adapter. */
interface Pair {
  readonly adapter: string;
  /** True where the adapter gives its calls an identity: they can be resumed, and their results are recorded. */
  readonly durable: boolean;
  readonly bare: () => Promise<unknown>;
  readonly leashed: () => Promise<unknown>;
}

function langchain(leash: Leash): Pair {
  const bare = tool(buy, { name: "buy", description: "Buys.", schema: SCHEMA });
  const leashed = wrapTool(bare, leash);
  const call = { type: "tool_call", id: "call-1", name: "buy", args: INPUT } as const;
  return { adapter: "langchain", durable: false, bare: () => bare.invoke(call), leashed: () => leashed.invoke(call) };
}

function llamaindex(leash: Leash): Pair {
  const bare = FunctionTool.from(buy, { name: "buy", description: "Buys.", parameters: SCHEMA });
  const leashed = leashTool(bare, leash);
  return {
    adapter: "llamaindex",
    durable: false,
    bare: async () => bare.call({ ...INPUT }),
    leashed: async () => leashed.call({ ...INPUT }),
  };
}

function openai(leash: Leash, pause: "hold" | "suspend"): Pair {
  const tools = [{ type: "function", function: { name: "buy", parameters: JSON_SCHEMA } }];
  const interceptor = createInterceptor(leash, { tools, handlers: { buy }, pause });
  const text = JSON.stringify(INPUT);
  const calls = () => [{ id: "call-1", type: "function", function: { name: "buy", arguments: text } }];
  const bare = async (): Promise<unknown> =>
    Promise.all(
      calls().map(async ({ id, function: { arguments: written } }) => ({
        role: "tool",
        tool_call_id: id,
        content: await buy(JSON.parse(written) as typeof INPUT),
      })),
    );
  const leashed = (): Promise<unknown> => interceptor.run(calls());
  return { adapter: `openai, ${pause}`, durable: pause === "suspend", bare, leashed };
}

function hello(leash: Leash): Pair {
  const bare = { name: "buy", description: "Buys.", parameters: JSON_SCHEMA, execute: async () => buy(INPUT) };
  const [leashed] = helloTools([bare], leash);
  if (leashed === undefined) throw new Error("The template adapter lost its tool.");
  return {
    adapter: "hello",
    durable: false,
    bare: () => bare.execute(),
    leashed: async () => leashed.execute({ ...INPUT }),
  };
}

const PAIRS = [
  langchain,
  llamaindex,
  (leash: Leash) => openai(leash, "hold"),
  (leash: Leash) => openai(leash, "suspend"),
  hello,
];
const CALLS = 100;

/**
 * What a call gains by passing an adapter, in parts of what it gains when the program itself puts `leash.guard` around the very
 * same call: each is the time with less the time of the bare call.
 */
export async function adapters(options: RunOptions, report: Report): Promise<void> {
  const leashes: Leash[] = [];
  const open = async (): Promise<Leash> => {
    const leash = await createLeash({ policy: { text: POLICY }, store: "memory", notify: [] });
    leashes.push(leash);
    return leash;
  };
  try {
    const pairs: Pair[] = [];
    const candidates: Candidate[] = [];
    for (const make of PAIRS) {
      const direct = await open();
      direct.register({ id: "buy" });
      const pair = make(await open());
      pairs.push(pair);
      candidates.push(...candidatesOf(pair, direct));
    }
    const random = seededRandom(options.seed);
    const measured = await measure(candidates, {
      budgetMs: options.budgetMs,
      shuffle: (list) => shuffled(list, random),
    });
    print(pairs, measured, report);
  } finally {
    await Promise.all(leashes.map((leash) => leash.close()));
  }
}

function candidatesOf({ adapter, durable, bare, leashed }: Pair, leash: Leash): readonly Candidate[] {
  let count = 0;
  const identity = (): Partial<ToolCall> => (durable ? { scope: "bench", callId: String((count += 1)) } : {});
  // A call that can be resumed has its result recorded, so it must be plain.
  const run = async (): Promise<unknown> => (durable ? JSON.stringify(await bare()) : bare());
  const direct = (): Promise<unknown> => leash.guard({ tool: "buy", input: INPUT, ...identity() }, run);
  return [
    candidate(`${adapter}: bare`, bare),
    candidate(`${adapter}: direct`, direct),
    candidate(`${adapter}: leashed`, leashed),
  ];
}

function candidate(name: string, once: () => Promise<unknown>): Candidate {
  return {
    name,
    calls: CALLS,
    async run(calls) {
      for (let call = 0; call < calls; call += 1) await once();
    },
  };
}

function print(pairs: readonly Pair[], measured: readonly Measured[], report: Report): void {
  const median = (wanted: string): number => measured.find(({ name }) => name === wanted)?.median ?? Number.NaN;
  const inMicroseconds = (nanoseconds: number): number => Math.round(nanoseconds / 10) / 100;
  const gain = ({ adapter }: Pair, way: "direct" | "leashed"): number =>
    median(`${adapter}: ${way}`) - median(`${adapter}: bare`);
  report.table(
    "One allowed call in each host, in microseconds",
    pairs.map((pair) => ({
      host: pair.adapter,
      bare: inMicroseconds(median(`${pair.adapter}: bare`)),
      "guard, direct": inMicroseconds(median(`${pair.adapter}: direct`)),
      "through the adapter": inMicroseconds(median(`${pair.adapter}: leashed`)),
    })),
  );
  for (const pair of pairs) {
    const value = gain(pair, "leashed") / gain(pair, "direct");
    report.target({ name: `${pair.adapter}: gain`, value, mustBe: "at most", limit: 1.3, unit: "times" });
  }
}
