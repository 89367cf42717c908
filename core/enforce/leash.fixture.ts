import { createLeash } from "../leash.ts";
import type { LeashOptions } from "../leash-options.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Leash } from "../model/leash.ts";
import { openRow } from "../store/envelope.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { scriptedPolicy, type ScriptedAnswer } from "../testing/scripted-policy.ts";

/** A leash with the tools `buy` and `reserve`, and what it wrote. */
export interface Watched {
  readonly leash: Leash;
  readonly store: Store;
  /** The journal's rows. */
  readonly journal: () => Promise<readonly JournalEntry[]>;
  /** The log's lines that are about calls, parsed. */
  readonly log: () => Promise<readonly Record<string, unknown>[]>;
}

type Options = Partial<Omit<LeashOptions, "store">> & { readonly store?: Store };

/** A leash in memory over a policy that always gives the same answer, and that nobody answers unless the test does. */
export async function leashThatSays(answer: ScriptedAnswer, options: Options = {}): Promise<Watched> {
  const store = options.store ?? memoryStore();
  const leash = await createLeash({ policy: scriptedPolicy(() => answer), notify: [], ...options, store });
  for (const id of ["buy", "reserve"]) leash.register({ id });
  return {
    leash,
    store,
    journal: async () => (await store.list("journal")).map((row) => openRow<JournalEntry>(row).value),
    async log() {
      const lines: Record<string, unknown>[] = [];
      for await (const line of leash.exportLog()) lines.push(JSON.parse(line) as Record<string, unknown>);
      return lines.filter((line) => "action_type" in line);
    },
  };
}

/** A call of `buy` that is the same call whenever it is made again. */
export const BUY = { tool: "buy", input: { item: "tea" }, callId: "call-1", scope: "thread-1" } as const;

/** Settles the one approval that is open. */
export async function settle(leash: Leash, answer: "approve" | "deny"): Promise<void> {
  const desk = leash.desk({ id: "ann" });
  for (;;) {
    const [approval] = await desk.pending();
    if (approval !== undefined) return void (await desk[answer](approval.id, { reason: "not today" }));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
