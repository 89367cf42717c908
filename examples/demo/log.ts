import type { AuditEnvelope, AuditPayload, Leash } from "@leashkit/core";
import type { Printer } from "./print.ts";

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

/** Prints what was logged since the last call, in words. Calls may overlap; nothing is printed twice. */
export function followLog(leash: Leash, printer: Printer): () => Promise<void> {
  const printed = new Set<string>();
  return async () => {
    for (const entry of await readLog(leash)) {
      const key = `${entry.stream} ${entry.seq}`;
      if (printed.has(key)) continue;
      printed.add(key);
      describe(entry, printer);
    }
  };
}

function describe(entry: LogEntry, printer: Printer): void {
  const what = `${entry.action_type ?? "?"}, rule ${entry.rule ?? "none"}`;
  switch (entry.type) {
    case "decided":
      return describeDecision(entry, what, printer);
    case "approval.settled":
      return entry.answer === "approve"
        ? printer.line("person", `YES, says ${entry.actor_id} (by ${entry.method ?? "?"})`, "good")
        : printer.line("person", `NO, says ${entry.actor_id} (by ${entry.method ?? "?"})`, "bad");
    case "approval.refused":
      return printer.line("leash", `the answer of ${entry.actor_id} does not count: ${entry.detail ?? "?"}`, "bad");
    case "approval.expired":
      return printer.line("leash", "EXPIRED: nobody who may answered in time", "bad");
    case "executed":
      return printer.line("leash", `ran once, outcome recorded: ${entry.action_type ?? "?"}`, "good");
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
