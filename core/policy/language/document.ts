import { EFFECTS, type Effect, type Mode } from "../../model/effect.ts";
import type { HostTable } from "../hosts.ts";
import type { Place, Report } from "../issues.ts";
import { block, listOf, oneOf, type Reader, type Shape, text } from "../readers.ts";
import { suggest } from "../suggest.ts";
import { cases, type PolicyCase } from "./cases.ts";
import { channels } from "./channels.ts";
import { counterparties, type Trust } from "./counterparties.ts";
import { reportDeadRules } from "./dead-rules.ts";
import { effectOrPassthrough } from "./effects.ts";
import { type LimitEntry, limits } from "./limits.ts";
import { identifier } from "./names.ts";
import { type RuleEntry, rules } from "./rules.ts";
import type { TermsForm } from "./terms.ts";
import { type ToolEntry, tools } from "./tools.ts";

/** Whose word a document is, the broadest first. */
export const LAYERS = ["org", "owner", "group", "agent"] as const;

export type Layer = (typeof LAYERS)[number];

/** A document that this one adds to, and where it is named. */
export interface Reference {
  readonly to: string;
  readonly place: Place;
}

/** A whole policy document; every key but `leash` has a default. */
export interface DocumentForm {
  readonly leash: 1;
  readonly id?: string;
  readonly default?: Effect | "passthrough";
  readonly mode?: Mode;
  readonly layer?: Layer;
  readonly extends?: readonly Reference[];
  readonly counterparties?: HostTable<Trust>;
  readonly channels?: ReadonlyMap<string, string>;
  readonly tools?: readonly ToolEntry[];
  readonly rules?: readonly RuleEntry[];
  readonly limits?: readonly LimitEntry[];
  readonly tests?: readonly PolicyCase[];
}

/** What the loader made of a document, in our language or in another that it reads. */
export interface ReadDocument extends Partial<Omit<DocumentForm, "leash">> {
  /** `first_match`: as in documents of other systems, the first rule that holds answers, a deny too. Default: denies come first. */
  readonly combine?: "denies_first" | "first_match";
}

const version: Reader<1> = (node, report) => {
  if (node.kind === "scalar" && node.value === 1) return 1;
  report("unsupported", node.place, "this version reads documents that say `leash: 1`");
  return undefined;
};

const reference: Reader<Reference> = (node, report) => {
  const to = text("an entry of `extends`", 1000)(node, report);
  return to === undefined ? undefined : { to, place: node.place };
};

export const documentShape: Shape<DocumentForm> = {
  what: "a policy",
  keys: {
    leash: version,
    id: identifier,
    default: effectOrPassthrough("`default`", ["deny", "approve", "allow"]),
    mode: oneOf("`mode`", ["enforce", "observe"]),
    layer: oneOf("`layer`", LAYERS),
    extends: listOf("`extends`", reference),
    counterparties,
    channels,
    tools,
    rules,
    limits,
    tests: cases,
  },
  required: ["leash"],
  later: ["obligations", "money", "constraints", "labels", "overridable"],
};

const read = block(documentShape);

/** Reads a policy document; the caller must not use the result when anything was reported. */
export const document: Reader<ReadDocument> = (node, report) => {
  const found = read(node, report);
  if (found === undefined) return undefined;
  const { values } = found;
  reportDeadRules(values.rules ?? [], values.tools ?? [], report);
  const known = values.channels ?? new Map<string, string>();
  const asking = [...(values.rules ?? []), ...(values.tools ?? [])];
  for (const { approval, place } of asking) checkChannels(approval, place, known, report);
  return values;
};

/** A name that no channel has would tell nobody. */
function checkChannels(
  terms: TermsForm | undefined,
  place: Place,
  known: ReadonlyMap<string, string>,
  report: Report,
): void {
  for (const target of terms?.notify ?? []) {
    if (target.includes(":") || known.has(target)) continue;
    report(
      "bad_value",
      place,
      `\`notify\` names the channel \`${target}\`, which is not in \`channels\``,
      suggest(target, [...known.keys()]),
    );
  }
}

/** Every effect that some answer of the document may have. */
export function effectsOf({
  default: fallback = "deny",
  rules: list = [],
  tools: entries = [],
  limits: caps = [],
}: ReadDocument): ReadonlySet<Effect> {
  const found = [
    fallback,
    ...list.map(({ effect }) => effect),
    ...entries.flatMap(({ decision, otherwise }) => [decision, otherwise]),
    ...caps.map(({ over }) => over),
  ];
  return new Set(EFFECTS.filter((effect) => found.includes(effect)));
}
