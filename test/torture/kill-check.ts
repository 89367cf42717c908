import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { verifyJsonl, type JournalEntry, type Store } from "@leashkit/core";

/** One effect that a killed process had. */
interface Effect {
  readonly call: number;
  readonly actionId: string;
  readonly digest: string;
  readonly approvalId: string | null;
}

/** What must not be, by what it is called; every list must be empty. */
export interface Violations {
  readonly repeatedCalls: readonly number[];
  readonly repeatedApprovals: readonly string[];
  readonly effectsWithoutGrant: readonly number[];
  readonly unaskedEffects: readonly number[];
  /** Digests of calls that are said to be done, and had no effect. */
  readonly doneWithoutEffect: readonly string[];
  readonly logProblems: readonly string[];
}

/** What stands in a store after a kill, and beside it. */
export interface Findings {
  readonly violations: Violations;
  readonly effects: number;
  readonly states: Readonly<Record<string, number>>;
}

/** What the log says of one call. */
interface Line {
  readonly type: string;
  readonly action_id?: string;
  readonly approval_id?: string;
  readonly digest?: string;
  readonly answer?: string;
}

/** Reads everything back as a stranger would: effects from the tool's own file, grants from the log, the chain recomputed. */
export async function inspect(folder: string, store: Store): Promise<Findings> {
  const effects = readEffects(join(folder, "effects.jsonl"));
  const entries = await journal(store);
  const texts = await logLines(store);
  const report = await verifyJsonl(texts);
  const lines = texts.map((text) => JSON.parse(text) as Line);
  const granted = lines.filter(({ type }) => type === "granted");
  const grants = new Set(granted.map((line) => grantOf(line.action_id, line.digest, line.approval_id ?? null)));
  const yeses = lines.filter(({ answer, type }) => type === "approval.settled" && answer === "approve");
  const approved = new Set(yeses.map((line) => `${line.approval_id} ${line.digest}`));
  const happened = new Set(effects.map(({ digest }) => digest));
  const wasAsked = ({ call, approvalId, digest }: Effect): boolean =>
    approvalId === null ? call % 2 === 0 : approved.has(`${approvalId} ${digest}`);
  return {
    violations: {
      repeatedCalls: repeated(effects.map(({ call }) => call)),
      repeatedApprovals: repeated(effects.flatMap(({ approvalId }) => (approvalId === null ? [] : [approvalId]))),
      effectsWithoutGrant: effects
        .filter(({ actionId, digest, approvalId }) => !grants.has(grantOf(actionId, digest, approvalId)))
        .map(({ call }) => call),
      unaskedEffects: effects.filter((effect) => !wasAsked(effect)).map(({ call }) => call),
      doneWithoutEffect: entries
        .filter(({ finalDigest, state }) => state === "done" && !happened.has(finalDigest))
        .map(({ finalDigest }) => finalDigest),
      logProblems: report.ok ? [] : [JSON.stringify(report.firstBad)],
    },
    effects: effects.length,
    states: count(entries.map(({ state }) => state)),
  };
}

/** One text for each thing that must not be. */
export function describeViolations(violations: Violations): readonly string[] {
  return Object.entries(violations).flatMap(([kind, found]: [string, readonly unknown[]]) =>
    found.map((thing) => `${kind}: ${String(thing)}`),
  );
}

function grantOf(actionId: string | undefined, digest: string | undefined, approvalId: string | null): string {
  return `${actionId} ${digest} ${approvalId}`;
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

async function journal(store: Store): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store.list("journal", { limit: 1_000, ...(after === undefined ? {} : { after }) });
    // What stands in a journal row is an entry, in an envelope that adds nothing.
    entries.push(...page.map(({ body }) => body as unknown as JournalEntry));
    after = page.at(-1)?.id;
    if (page.length < 1_000) return entries;
  }
}

function count(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
