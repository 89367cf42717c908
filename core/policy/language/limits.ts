import type { Effect } from "../../model/effect.ts";
import type { Json } from "../../model/json.ts";
import type { Place, Report } from "../issues.ts";
import { describe, toJson } from "../located.ts";
import { block, flag, listOf, type Reader, type Shape, wholeNumber } from "../readers.ts";
import { suggest } from "../suggest.ts";
import { duration } from "./durations.ts";
import { effect } from "./effects.ts";
import { action, identifier, type Pattern } from "./names.ts";
import { inputPath } from "./paths.ts";

/** What a limit counts together: calls that have the same parts share a counter. */
export type LimitPart =
  | { readonly kind: "agent" | "subject" | "session" | "tool" | "counterparty" | "currency" }
  | { readonly kind: "input"; readonly steps: readonly string[]; readonly values: readonly string[] };

/** What a limit adds up: money, or a number of the input. */
export type LimitSum = "money" | readonly string[];

export interface LimitForm {
  readonly id: string;
  readonly action: readonly Pattern[];
  readonly sum?: LimitSum;
  readonly per?: readonly LimitPart[];
  readonly window: number;
  readonly fixed?: boolean;
  readonly max: number;
  readonly over?: Effect;
}

/** One entry of `limits`. */
export interface LimitEntry extends LimitForm {
  /** As written, for its digest. */
  readonly json: Json;
  readonly place: Place;
}

const PARTS = ["agent", "subject", "session", "tool", "counterparty", "money.currency"] as const;

interface InputPartForm {
  readonly path: readonly string[];
  readonly values: readonly string[];
}

const value: Reader<string> = (node, report) => {
  if (node.kind === "scalar" && typeof node.value === "string") return node.value;
  report("wrong_type", node.place, `a value must be a text, not ${describe(node)}`);
  return undefined;
};

/** An input counts only by values that are written out: else the agent would choose its counter. */
export const limitPartShape: Shape<InputPartForm> = {
  what: "an entry of `per`",
  keys: { path: inputPath, values: listOf("`values`", value) },
  required: ["path", "values"],
};

const readInputPart = block(limitPartShape);

const part: Reader<LimitPart> = (node, report) => {
  if (node.kind === "map") {
    const { path, values } = readInputPart(node, report)?.values ?? {};
    return path === undefined || values === undefined ? undefined : { kind: "input", steps: path, values };
  }
  const word = node.kind === "scalar" ? node.value : undefined;
  const known = PARTS.find((one) => one === word);
  if (known !== undefined) return { kind: known === "money.currency" ? "currency" : known };
  const hint = typeof word === "string" ? suggest(word, PARTS) : "or { path: input.region, values: [eu, us] }";
  report("bad_value", node.place, `\`per\` names ${PARTS.join(", ")}`, hint);
  return undefined;
};

const sum: Reader<LimitSum> = (node, report) =>
  node.kind === "scalar" && node.value === "money.amount" ? "money" : inputPath(node, report);

export const limitShape: Shape<LimitForm> = {
  what: "a limit",
  keys: {
    id: identifier,
    action,
    sum,
    per: listOf("`per`", part),
    window: duration("`window`"),
    fixed: flag("`fixed`"),
    max: wholeNumber("`max`", 0),
    over: effect("`over`", ["approve", "step_up", "deny"]),
  },
  required: ["id", "action", "window", "max"],
};

const readShape = block(limitShape);

const readLimit: Reader<LimitEntry> = (node, report) => {
  const found = readShape(node, report);
  if (found === undefined) return undefined;
  const { id, action: patterns, window, max } = found.values;
  const { sum: added, per = [] } = found.values;
  if (added === "money" && !per.some(({ kind }) => kind === "currency")) {
    report("missing_key", found.placeOf("per"), "a sum of money is kept per currency", "per: [money.currency]");
  }
  if (id === undefined || patterns === undefined || window === undefined || max === undefined) return undefined;
  return { ...found.values, id, action: patterns, window, max, json: toJson(node), place: found.placeOf("id") };
};

const list = listOf("`limits`", readLimit);

/** Reads `limits`; refuses ids that stand twice. */
export const limits: Reader<readonly LimitEntry[]> = (node, report: Report) => {
  const entries = list(node, report);
  const taken = new Set<string>();
  for (const { id, place } of entries ?? []) {
    if (taken.has(id)) report("duplicate", place, `the limit id \`${id}\` stands twice`);
    taken.add(id);
  }
  return entries;
};
