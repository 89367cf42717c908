import type { Effect, Mode } from "../../model/effect.ts";
import type { HostTable } from "../hosts.ts";
import { block, oneOf, type Reader, type Shape } from "../readers.ts";
import { counterparties, type Trust } from "./counterparties.ts";
import { reportDeadRules } from "./dead-rules.ts";
import { effect } from "./effects.ts";
import { identifier } from "./names.ts";
import { type RuleEntry, rules } from "./rules.ts";
import { type ToolEntry, tools } from "./tools.ts";

/** A whole policy document; every key but `leash` has a default. */
export interface DocumentForm {
  readonly leash: 1;
  readonly id?: string;
  readonly default?: Effect;
  readonly mode?: Mode;
  readonly counterparties?: HostTable<Trust>;
  readonly tools?: readonly ToolEntry[];
  readonly rules?: readonly RuleEntry[];
}

/** What the loader made of a document. */
export type ReadDocument = Partial<Omit<DocumentForm, "leash">>;

const version: Reader<1> = (node, report) => {
  if (node.kind === "scalar" && node.value === 1) return 1;
  report("unsupported", node.place, "this version reads documents that say `leash: 1`");
  return undefined;
};

export const documentShape: Shape<DocumentForm> = {
  what: "a policy",
  keys: {
    leash: version,
    id: identifier,
    default: effect("`default`", ["deny", "approve", "allow"]),
    mode: oneOf("`mode`", ["enforce", "observe"]),
    counterparties,
    tools,
    rules,
  },
  required: ["leash"],
  later: [
    "extends",
    "limits",
    "tests",
    "obligations",
    "money",
    "constraints",
    "channels",
    "labels",
    "version",
    "overridable",
  ],
};

const read = block(documentShape);

/** Reads a policy document; the caller must not use the result when anything was reported. */
export const document: Reader<ReadDocument> = (node, report) => {
  const found = read(node, report);
  if (found === undefined) return undefined;
  reportDeadRules(found.values.rules ?? [], found.values.tools ?? [], report);
  return found.values;
};
