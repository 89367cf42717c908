import type { Obligation } from "../../model/decision.ts";
import type { Effect } from "../../model/effect.ts";
import type { Json } from "../../model/json.ts";
import { GUARD_KEYS, guardsOf, type GuardKeys } from "../guards/forms.ts";
import type { Guard } from "../guards/guard.ts";
import type { Place, Report } from "../issues.ts";
import { describe, toJson } from "../located.ts";
import { type Block, block, flag, listOf, type Reader, type Shape, text } from "../readers.ts";
import { effect } from "./effects.ts";
import { nameProblem, toolName } from "./names.ts";
import { obligations } from "./obligations.ts";
import { inputPath } from "./paths.ts";
import { redact } from "./redact.ts";
import { proof, type ProofForm, stepUp, type StepUpForm, terms, type TermsForm } from "./terms.ts";

interface OwnKeys {
  readonly aliases?: readonly string[];
  readonly counterparty?: readonly string[];
  readonly decision?: Effect;
  readonly otherwise?: Effect;
  readonly obligations?: readonly Obligation[];
  readonly approval?: TermsForm;
  readonly step_up?: StepUpForm;
  readonly proof?: ProofForm;
  readonly idempotent?: boolean;
  /** Paths as `input.a` and `output.b`. */
  readonly redact?: readonly string[];
  readonly description?: string;
}

export type ToolForm = OwnKeys & GuardKeys;

/** One entry of the `tools` block. */
export interface ToolEntry extends OwnKeys, Pick<GuardKeys, "money"> {
  readonly name: string;
  /** The name and every alias: one tool under several names. */
  readonly names: readonly string[];
  readonly guards: readonly Guard[];
  /** As written, for its digest. */
  readonly json: Json;
  readonly place: Place;
}

export const toolShape: Shape<ToolForm> = {
  what: "a tool",
  keys: {
    aliases: listOf("`aliases`", toolName),
    counterparty: inputPath,
    decision: effect("`decision`", ["allow", "approve", "step_up", "deny"]),
    otherwise: effect("`otherwise`", ["approve", "step_up", "deny"]),
    obligations,
    approval: terms,
    step_up: stepUp,
    proof,
    idempotent: flag("`idempotent`"),
    redact,
    description: text("`description`", 1000),
    ...GUARD_KEYS,
  },
  later: ["constraints", "compute", "limits", "labels", "schema", "mode"],
};

const readTool = block(toolShape);

/** Reads the `tools` block. Names and aliases are one namespace: a name that stands twice would be two tools. */
export const tools: Reader<readonly ToolEntry[]> = (node, report) => {
  if (node.kind !== "map") {
    report("wrong_type", node.place, `\`tools\` must be a block of tools by name, not ${describe(node)}`);
    return undefined;
  }
  const taken = new Set<string>();
  const entries: ToolEntry[] = [];
  for (const [written, { keyPlace, value }] of node.members) {
    const problem = nameProblem(written);
    if (problem !== undefined) report("bad_name", keyPlace, `a tool's name ${problem}`);
    let isSound = true;
    const note: Report = (...issue) => {
      isSound = false;
      report(...issue);
    };
    const entry = readTool(value, note);
    if (problem !== undefined || entry === undefined) continue;
    const name = written.normalize("NFC");
    takeName(name, keyPlace, taken, report);
    const aliases = entry.values.aliases ?? [];
    for (const alias of aliases) takeName(alias, entry.placeOf("aliases"), taken, report);
    const { otherwise = "deny" } = entry.values;
    // What could not be read must not be taken for a list that is empty.
    const guards = isSound ? guardsOf(entry, report, otherwise !== "deny") : [];
    if (isSound) checkTool(entry, guards, report);
    const names = [name, ...aliases];
    entries.push({ ...entry.values, name, names, guards, json: toJson(value), place: keyPlace });
  }
  return entries;
};

function takeName(name: string, place: Place, taken: Set<string>, report: Report): void {
  if (taken.has(name)) report("duplicate", place, `the tool name or alias \`${name}\` stands twice`);
  taken.add(name);
}

function checkTool(entry: Block<ToolForm>, guards: readonly Guard[], report: Report): void {
  const { values } = entry;
  const { approval, decision, otherwise } = values;
  const effects = [decision, otherwise];
  const misplaced = (key: keyof ToolForm, message: string): void =>
    report("misplaced_key", entry.placeOf(key), message);
  if (approval !== undefined && !effects.includes("approve") && !effects.includes("step_up"))
    misplaced("approval", "`approval` stands on a tool whose `decision` asks nobody");
  if (approval?.again !== undefined && decision !== "approve")
    misplaced("approval", "`again` lifts the plain question of a `decision`, and nothing else");
  if (values.step_up !== undefined && !effects.includes("step_up"))
    misplaced("step_up", "`step_up` stands on a tool that demands none");
  if (otherwise !== undefined && guards.length === 0)
    misplaced("otherwise", "`otherwise` stands on a tool without a guard whose lists a call could be outside of");
  if (decision === undefined || decision === "deny") {
    if (values.proof !== undefined) misplaced("proof", "`proof` stands on a tool whose `decision` permits nothing");
    if (values.obligations !== undefined)
      misplaced("obligations", "`obligations` stand on a tool whose `decision` permits nothing");
  }
}
