import { posix } from "node:path";
import { findReferences, type Source } from "./source.ts";
import { isTest } from "./workspace.ts";

/**
 * The parts of core from the bottom up, each named by its folder or file. A part may use the parts of its own level and of
 * the levels below, never one above; and parts of one level may not form a ring. A part that is missing here is a finding:
 * a new one gets its place in this table first.
 */
export const LEVELS: readonly (readonly string[])[] = [
  ["model"],
  ["errors", "canonical", "digest", "ids", "strict-json", "principal", "options", "webhooks"],
  ["policy", "tools", "arguments", "json-schema", "facts", "store"],
  ["limits", "approvals", "journal", "tokens", "audit", "recording"],
  ["receipts", "exchange", "telemetry"],
  ["enforce", "guarded-fetch"],
  ["state", "policies", "parts", "key-keeper"],
  ["guards", "explain", "replay"],
  ["leash", "leash-options", "desk", "remote"],
  ["index"],
  ["testing"],
];

/** Parts that know neither the system nor the process: they must run the same everywhere and give the same. */
export const PURE_PARTS: readonly string[] = ["model", "policy"];

/** The part of core that a path belongs to: `core/store/memory.ts` is of `store`, `core/errors.ts` is `errors`. */
export function partOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.ts$/u, "");
}

function levelOf(part: string): number {
  return LEVELS.findIndex((level) => level.includes(part));
}

interface Use {
  readonly from: string;
  readonly to: string;
  readonly where: string;
}

/** Relative references between two parts of core, of the files that are published. */
function findUses(sources: readonly Source[]): readonly Use[] {
  return publishedCore(sources).flatMap((source) =>
    findReferences(source).flatMap(({ specifier, line }) => {
      if (specifier === null || !specifier.startsWith(".")) return [];
      const target = posix.join(posix.dirname(source.path), specifier);
      const use = { from: partOf(source.path), to: partOf(target), where: `${source.path}:${line}` };
      return target.startsWith("core/") && use.from !== use.to ? [use] : [];
    }),
  );
}

function publishedCore(sources: readonly Source[]): readonly Source[] {
  return sources.filter(({ path }) => path.startsWith("core/") && !isTest(path));
}

/** References against the direction of `LEVELS`, and files that have no place in it. */
export function checkDirection(sources: readonly Source[]): readonly string[] {
  const unplaced = publishedCore(sources)
    .filter(({ path }) => levelOf(partOf(path)) === -1)
    .map(({ path }) => `${path}: "${partOf(path)}" has no place in the levels of core`);
  const against = findUses(sources)
    .filter(({ from, to }) => levelOf(from) !== -1 && levelOf(from) < levelOf(to))
    .map(({ from, to, where }) => `${where}: ${from} must not use ${to}, which stands above it`);
  return [...unplaced, ...against];
}

/** Rings among the parts of core. */
export function checkRings(sources: readonly Source[]): readonly string[] {
  const uses = findUses(sources);
  const reachable = (start: string): Set<string> => {
    const seen = new Set<string>();
    const visit = (part: string): void => {
      for (const { from, to } of uses) {
        if (from !== part || seen.has(to)) continue;
        seen.add(to);
        visit(to);
      }
    };
    visit(start);
    return seen;
  };
  return LEVELS.flat()
    .filter((part) => reachable(part).has(part))
    .map((part) => `core: ${part} uses itself by way of another part`);
}

/** Pure parts that reach for the system. */
export function checkPurity(sources: readonly Source[]): readonly string[] {
  return publishedCore(sources)
    .filter(({ path }) => PURE_PARTS.includes(partOf(path)))
    .flatMap((source) =>
      findReferences(source)
        .filter(({ specifier }) => specifier?.startsWith("node:"))
        .map(({ specifier, line }) => `${source.path}:${line}: ${partOf(source.path)} must not import ${specifier}`),
    );
}
