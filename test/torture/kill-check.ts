import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sqliteStore, verifyJsonl, type JournalEntry, type Store } from "@leashkit/core";

/** One effect that a killed process had. */
interface Effect {
  readonly call: number;
  readonly actionId: string;
  readonly digest: string;
  readonly approvalId: string | null;
}

/** What a state folder says after a kill. Every list must be empty. */
export interface Findings {
  readonly repeatedCalls: readonly number[];
  readonly repeatedApprovals: readonly string[];
  readonly effectsWithoutGrant: readonly number[];
  readonly unaskedEffects: readonly number[];
  readonly logProblems: readonly string[];
  readonly effects: number;
  readonly states: Readonly<Record<string, number>>;
}

/** Reads everything back as a stranger would: effects from the tool's own file, grants from the log, the chain recomputed. */
export async function inspectState(folder: string): Promise<Findings> {
  const effects = readEffects(join(folder, "effects.jsonl"));
  const store = await sqliteStore({ file: join(folder, "store.db") });
  try {
    const lines = await logLines(store);
    const report = await verifyJsonl(lines);
    const granted = new Set(
      lines
        .map((line) => JSON.parse(line) as { type: string; action_id?: string; digest?: string })
        .filter(({ type }) => type === "granted")
        .map(({ action_id, digest }) => `${action_id} ${digest}`),
    );
    return {
      repeatedCalls: repeated(effects.map(({ call }) => call)),
      repeatedApprovals: repeated(effects.flatMap(({ approvalId }) => (approvalId === null ? [] : [approvalId]))),
      effectsWithoutGrant: effects
        .filter(({ actionId, digest }) => !granted.has(`${actionId} ${digest}`))
        .map(({ call }) => call),
      unaskedEffects: effects
        .filter(({ call, approvalId }) => call % 2 === 1 && approvalId === null)
        .map(({ call }) => call),
      logProblems: report.ok ? [] : [JSON.stringify(report.firstBad)],
      effects: effects.length,
      states: await journalStates(store),
    };
  } finally {
    await store.close();
  }
}

function readEffects(file: string): readonly Effect[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Effect);
}

function repeated<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

async function logLines(store: Store): Promise<string[]> {
  const lines: string[] = [];
  for (const stream of await store.streams()) {
    for (let from = 0; ;) {
      const page = await store.lines(stream, from, 1_000);
      lines.push(...page.map(({ line }) => line));
      from += page.length;
      if (page.length < 1_000) break;
    }
  }
  return lines;
}

async function journalStates(store: Store): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let after: string | undefined;
  for (;;) {
    const page = await store.list("journal", { limit: 1_000, ...(after === undefined ? {} : { after }) });
    for (const row of page) {
      const { state } = row.body as unknown as JournalEntry;
      counts[state] = (counts[state] ?? 0) + 1;
    }
    after = page.at(-1)?.id;
    if (page.length < 1_000) return counts;
  }
}
