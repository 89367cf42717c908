import { createLeash, type Leash, type LeashOptions } from "@leashkit/core";
import { countingShop, scriptedPolicy, type CountingShop, type ScriptedAnswer } from "@leashkit/core/testing";
import type { Action } from "@leashkit/core";

/** A leash over a policy that the test answers itself, with one tool, `buy`, that counts its effects. */
export interface TestLeash {
  readonly leash: Leash;
  readonly shop: CountingShop;
}

export async function testLeash(
  answer: (action: Action) => ScriptedAnswer,
  options: Partial<LeashOptions> = {},
  during?: Parameters<typeof countingShop>[0],
): Promise<TestLeash> {
  const leash = await createLeash({ policy: scriptedPolicy(answer), store: "memory", notify: [], ...options });
  leash.register({ id: "buy" });
  return { leash, shop: countingShop(during) };
}

/** The one approval that waits. */
export async function onlyPending(leash: Leash): Promise<string> {
  const desk = leash.desk({ id: "ann" });
  for (;;) {
    const [approval, second] = await desk.pending();
    if (second !== undefined) throw new Error("more than one approval waits");
    if (approval !== undefined) return approval.id;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The log's lines, parsed. */
export async function logOf(leash: Leash): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  for await (const line of leash.exportLog()) lines.push(JSON.parse(line) as Record<string, unknown>);
  return lines;
}

/** A durable call: the same identity again is the same call. */
export function durable(
  callId: string,
  input: unknown,
): { tool: string; input: unknown; callId: string; scope: string } {
  return { tool: "buy", input, callId, scope: "thread-1" };
}
