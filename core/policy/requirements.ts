import type { PolicyRequirements } from "../model/policy.ts";
import type { ReadDocument } from "./language/document.ts";
import { demandingTerms } from "./language/terms.ts";

/** What the documents use that whoever enforces them must have. */
export function requirementsOf(documents: readonly ReadDocument[]): PolicyRequirements {
  const entries = documents.flatMap(({ rules = [], tools = [] }) => [...rules, ...tools]);
  const named = new Map(documents.flatMap(({ channels }) => [...(channels ?? [])]));
  const told = entries.flatMap(({ approval }) => approval?.notify ?? []);
  return Object.freeze({
    obligations: distinct(entries.flatMap(({ obligations = [] }) => obligations.map(({ type }) => type))),
    counters: documents.some(({ limits = [] }) => limits.length > 0),
    channels: distinct(told.map((target) => named.get(target) ?? target)),
    terms: distinct(entries.flatMap(({ approval }) => demandingTerms(approval))),
  });
}

function distinct(words: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(words)].sort());
}
