import { type AuditEnvelope, type AuditPayload, canonicalText, type Leash, sha256Hex } from "@leashkit/core";
import type { Printer } from "./print.ts";
import { ORDERS } from "./script.ts";

/** One line of the log, as a reader sees it. */
export type LogEntry = AuditPayload &
  AuditEnvelope & { readonly stream: string; readonly seq: number; readonly ts: string };

export async function readLog(leash: Leash): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const line of leash.exportLog()) entries.push(JSON.parse(line) as LogEntry);
  return entries.toSorted((a, b) => a.ts.localeCompare(b.ts));
}

/** Everything the last line of the demo says about decisions is counted here, from the log alone. */
export function countLog(entries: readonly LogEntry[]) {
  const count = (test: (entry: LogEntry) => boolean): number => entries.filter(test).length;
  const answers = (answer: "approve" | "deny"): number =>
    count((entry) => entry.type === "approval.settled" && entry.answer === answer);
  return {
    decisions: count((entry) => entry.type === "decided"),
    executed: count((entry) => entry.type === "executed"),
    approved: answers("approve"),
    denied: answers("deny") + count((entry) => entry.type === "decided" && entry.decision === "DENY"),
    expired: count((entry) => entry.type === "approval.expired"),
    unknown: count((entry) => entry.type === "unknown"),
  };
}

export interface LogFollower {
  /** Prints, in words, what was logged since the last call. Calls may overlap; nothing is printed twice. */
  show(): Promise<void>;
  /** Passes over what was logged since the last call. */
  skip(): Promise<void>;
}

export function followLog(leash: Leash, printer: Printer): LogFollower {
  const seen = new Set<string>();
  const items = new Map<string, string>();
  async function follow(print: boolean): Promise<void> {
    for (const entry of await readLog(leash)) {
      const key = `${entry.stream} ${entry.seq}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const item = ITEMS.get(entry.input_ref ?? "");
      if (item !== undefined) items.set(entry.digest ?? "", item);
      if (print) describe(entry, whatOf(entry, items), printer);
    }
  }
  return { show: () => follow(true), skip: () => follow(false) };
}

/** The log names inputs by digest only. Whoever has an input can find it there. */
const ITEMS: ReadonlyMap<string, string> = new Map(
  ORDERS.map((order) => [sha256Hex(canonicalText(order)), order.item] as const),
);

function whatOf({ action_type: tool = "a call", digest = "" }: LogEntry, items: ReadonlyMap<string, string>): string {
  const item = items.get(digest);
  return item === undefined ? tool : `${tool} of ${item}`;
}

function describe(entry: LogEntry, what: string, printer: Printer): void {
  switch (entry.type) {
    case "decided":
      return describeDecision(entry, `${what}, rule ${entry.rule ?? "none"}`, printer);
    case "approval.settled":
      return entry.answer === "approve"
        ? printer.line("person", `YES to ${what}, says ${entry.actor_id} (by ${entry.method ?? "?"})`, "good")
        : printer.line("person", `NO to ${what}, says ${entry.actor_id} (by ${entry.method ?? "?"})`, "bad");
    case "approval.refused":
      return printer.line("leash", `the answer of ${entry.actor_id} does not count: ${entry.detail ?? "?"}`, "bad");
    case "approval.expired":
      return printer.line("leash", `EXPIRED: ${what}; nobody who may answered in time`, "bad");
    case "executed":
      return printer.line("leash", `ran, outcome recorded: ${what}`, "good");
    case "failed":
      return printer.line("leash", `FAILED: ${what}`, "bad");
    case "unknown":
      return printer.line("leash", `OUTCOME UNKNOWN, not repeated: ${what}`, "bad");
    default:
  }
}

function describeDecision(entry: LogEntry, what: string, printer: Printer): void {
  switch (entry.decision) {
    case "ALLOW":
      return printer.line("leash", `ALLOW: ${what}`, "good");
    case "APPROVE":
      return printer.line("leash", `ASK A PERSON: ${what}`, "wait");
    case "STEP_UP":
      return printer.line("leash", `ASK A PERSON, WITH PROOF OF WHO THEY ARE: ${what}`, "wait");
    default:
      return printer.line("leash", `DENY: ${what}`, "bad");
  }
}
