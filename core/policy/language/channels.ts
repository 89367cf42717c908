import { describe } from "../located.ts";
import type { Reader } from "../readers.ts";
import { closest } from "../suggest.ts";
import { identifier } from "./names.ts";

/** Schemes of the ways by which people are told. */
const SCHEMES = ["ntfy", "ntfys", "mailto", "smtp", "smtps", "slack", "https", "webhook+https", "webpush"] as const;

const WITH_SCHEME = /^([a-z][a-z0-9+.-]*):(?:\/\/)?\S+$/;

/** A target as a URL, or `env:NAME` for a secret one. */
export function isTarget(text: string): boolean {
  const scheme = WITH_SCHEME.exec(text)?.[1];
  return scheme === "env" || SCHEMES.some((known) => known === scheme);
}

const target: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && isTarget(value)) return value;
  const scheme = typeof value === "string" ? WITH_SCHEME.exec(value)?.[1] : undefined;
  const near = scheme === undefined ? undefined : closest(scheme, SCHEMES);
  const hint = near === undefined ? `known: ${SCHEMES.join(", ")}, or env:NAME` : `did you mean \`${near}\`?`;
  report("bad_value", node.place, "a channel is a URL of a known scheme", hint);
  return undefined;
};

/** Names for targets, so that rules need not repeat them. */
export const channels: Reader<ReadonlyMap<string, string>> = (node, report) => {
  if (node.kind !== "map") {
    report("wrong_type", node.place, `\`channels\` must be a block of targets by name, not ${describe(node)}`);
    return undefined;
  }
  const found = new Map<string, string>();
  for (const [name, { keyPlace, value }] of node.members) {
    const known = identifier({ kind: "scalar", value: name, place: keyPlace, verbatimAt: undefined }, report);
    const url = target(value, report);
    if (known !== undefined && url !== undefined) found.set(known, url);
  }
  return found;
};

/** One entry of `notify`: a channel's name or a target. */
export const notifyTarget: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && value.includes(":")) return target(node, report);
  return identifier(node, report);
};
