import {
  decisionLine,
  explainCall,
  type Explanation,
  type Json,
  loadPolicyFile,
  parseStrictJson,
  visible,
} from "@leashkit/core";

import { EXIT, type Exit, UnreadableError, UsageError } from "./exit.ts";
import { type Io, writeJson } from "./io.ts";
import type { CommonOptions } from "./state.ts";

export interface ExplainOptions extends CommonOptions {
  readonly tool: string;
  readonly input?: string;
  readonly agent?: string;
  readonly subject?: string;
}

/** `leash policy explain`: what a policy says of one call, why, and the nearest input that it would allow. Runs nothing. */
export async function explainPolicy(io: Io, file: string, options: ExplainOptions): Promise<Exit> {
  const policy = await loadPolicyFile(file);
  const call = { tool: options.tool, input: readInput(options.input) };
  const { explanation, suggestion } = await explainCall(policy, call, options);
  if (explanation === undefined) throw new UnreadableError("this policy cannot be explained");
  if (options.json === true) writeJson(io.stdout, { ...explanation, suggestion: suggestion ?? null });
  else {
    const allowed = suggestion === undefined ? [] : [`allowed would be ${JSON.stringify(suggestion.input)}`];
    const lines = [decisionLine(options.tool, explanation.decision), ...linesOf(explanation), ...allowed];
    io.stdout.write(lines.map((line) => `${visible(line)}\n`).join(""));
  }
  return explanation.decision.effect === "allow" ? EXIT.fine : EXIT.finding;
}

function readInput(text = "{}"): Json {
  try {
    return parseStrictJson(text);
  } catch (cause) {
    throw new UsageError("--input takes the call's arguments as JSON", { cause });
  }
}

function linesOf({ because, guards, limits, rules }: Explanation): readonly string[] {
  return [
    ...(because === null ? [] : [`  ${because}`]),
    ...rules.map(({ decides, effect, failing, holds, rule }) => {
      const why = failing.length === 0 ? "" : `: ${failing.join(", ")}`;
      return `  ${decides ? ">" : " "} rule ${rule} (${effect}) is ${holds}${why}`;
    }),
    ...guards.map(({ guard, refusal, tool }) => `    guard ${guard} of ${tool}: ${refusal?.message ?? "passes"}`),
    ...limits.map(({ amount, limit, max, used }) => {
      const known = used === null ? "what was used is not known" : `${used} used`;
      return `    limit ${limit}: ${known}, ${amount ?? "an unknown amount"} more, at most ${max}`;
    }),
  ];
}
