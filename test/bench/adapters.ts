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

/** One host, with and without the adapter. `guard` is the direct call that it is measured against. */
interface Pair {
  readonly adapter: string;
  readonly guard: "guard" | "guard, known by its id";
  readonly bare: () => Promise<unknown>;
  readonly leashed: () => Promise<unknown>;
}

function langchain(leash: Leash): Pair {
  const bare = tool(buy, { name: "buy", description: "Buys.", schema: SCHEMA });
  const leashed = wrapTool(bare, leash);
  const call = { type: "tool_call", id: "call-1", name: "buy", args: INPUT } as const;
  return { adapter: "langchain", guard: "guard", bare: () => bare.invoke(call), leashed: () => leashed.invoke(call) };
}

function llamaindex(leash: Leash): Pair {
  const bare = FunctionTool.from(buy, { name: "buy", description: "Buys.", parameters: SCHEMA });
  const leashed = leashTool(bare, leash);
  return {
    adapter: "llamaindex",
    guard: "guard",
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
  const guard = pause === "hold" ? "guard" : "guard, known by its id";
  return { adapter: `openai, ${pause}`, guard, bare, leashed: () => interceptor.run(calls()) };
}

function hello(leash: Leash): Pair {
  const bare = { name: "buy", description: "Buys.", parameters: JSON_SCHEMA, execute: async () => buy(INPUT) };
  const [leashed] = helloTools([bare], leash);
  if (leashed === undefined) throw new Error("The template adapter lost its tool.");
  return {
    adapter: "hello",
    guard: "guard",
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
 * What a call gains by passing an adapter: the time through it less the time of the same call in the same host without it, in
 * parts of one direct `leash.guard`.
 */
export async function adapters(options: RunOptions, report: Report): Promise<void> {
  const leashes: Leash[] = [];
  const open = async (): Promise<Leash> => {
    const leash = await createLeash({ policy: { text: POLICY }, store: "memory", notify: [] });
    leashes.push(leash);
    return leash;
  };
  try {
    const direct = await open();
    direct.register({ id: "buy" });
    const pairs: Pair[] = [];
    for (const pair of PAIRS) pairs.push(pair(await open()));
    const random = seededRandom(options.seed);
    const measured = await measure([...directCandidates(direct), ...pairs.flatMap(pairCandidates)], {
      budgetMs: options.budgetMs,
      shuffle: (list) => shuffled(list, random),
    });
    print(pairs, measured, report);
  } finally {
    await Promise.all(leashes.map((leash) => leash.close()));
  }
}

function directCandidates(leash: Leash): readonly Candidate[] {
  let count = 0;
  const known = (): ToolCall => ({ tool: "buy", input: INPUT, scope: "bench", callId: String((count += 1)) });
  return [
    candidate("guard", () => leash.guard({ tool: "buy", input: INPUT }, () => buy(INPUT))),
    candidate("guard, known by its id", () => leash.guard(known(), () => buy(INPUT))),
  ];
}

function pairCandidates({ adapter, bare, leashed }: Pair): readonly Candidate[] {
  return [candidate(`${adapter}: bare`, bare), candidate(`${adapter}: leashed`, leashed)];
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
  const gain = ({ adapter }: Pair): number => median(`${adapter}: leashed`) - median(`${adapter}: bare`);
  report.table(
    "One allowed call through each adapter, in microseconds",
    pairs.map((pair) => ({
      adapter: pair.adapter,
      bare: inMicroseconds(median(`${pair.adapter}: bare`)),
      leashed: inMicroseconds(median(`${pair.adapter}: leashed`)),
      gain: inMicroseconds(gain(pair)),
      "direct guard": inMicroseconds(median(pair.guard)),
    })),
  );
  for (const pair of pairs) {
    const value = gain(pair) / median(pair.guard);
    report.target({
      name: `${pair.adapter}: gain / direct guard`,
      value,
      mustBe: "at most",
      limit: 1.3,
      unit: "times",
    });
  }
}
