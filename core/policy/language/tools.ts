import type { Effect } from "../../model/effect.ts";
import type { Json } from "../../model/json.ts";
import type { Place, Report } from "../issues.ts";
import { describe, toJson } from "../located.ts";
import { type Block, block, flag, listOf, type Reader, type Shape, text } from "../readers.ts";
import { effect } from "./effects.ts";
import { nameProblem, toolName } from "./names.ts";
import { inputPath } from "./paths.ts";
import { terms, type TermsForm } from "./terms.ts";

export interface ToolForm {
  readonly aliases?: readonly string[];
  readonly counterparty?: readonly string[];
  readonly decision?: Effect;
  readonly approval?: TermsForm;
  readonly idempotent?: boolean;
  readonly description?: string;
}

/** One entry of the `tools` block. */
export interface ToolEntry extends ToolForm {
  readonly name: string;
  /** The name and every alias: one tool under several names. */
  readonly names: readonly string[];
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
    approval: terms,
    idempotent: flag("`idempotent`"),
    description: text("`description`", 1000),
  },
  later: [
    "allowed_hosts",
    "denied_hosts",
    "deny_private_ips",
    "allowed_paths",
    "denied_paths",
    "allow_extensions",
    "deny_extensions",
    "allowed_commands",
    "denied_commands",
    "allowed_recipients",
    "allowed_methods",
    "statements",
    "money",
    "constraints",
    "compute",
    "obligations",
    "limits",
    "step_up",
    "proof",
    "labels",
    "redact",
    "schema",
    "mode",
  ],
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
    const entry = readTool(value, report);
    if (problem !== undefined || entry === undefined) continue;
    const name = written.normalize("NFC");
    takeName(name, keyPlace, taken, report);
    const aliases = entry.values.aliases ?? [];
    for (const alias of aliases) takeName(alias, entry.placeOf("aliases"), taken, report);
    checkTool(entry, report);
    entries.push({ ...entry.values, name, names: [name, ...aliases], json: toJson(value), place: keyPlace });
  }
  return entries;
};

function takeName(name: string, place: Place, taken: Set<string>, report: Report): void {
  if (taken.has(name)) report("duplicate", place, `the tool name or alias \`${name}\` stands twice`);
  taken.add(name);
}

function checkTool(entry: Block<ToolForm>, report: Report): void {
  const { approval, decision } = entry.values;
  if (approval !== undefined && decision !== "approve" && decision !== "step_up") {
    report("misplaced_key", entry.placeOf("approval"), "`approval` stands on a tool whose `decision` asks nobody");
  }
}
