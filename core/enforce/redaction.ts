import type { Redaction } from "../model/redaction.ts";
import type { ToolSpec } from "../model/tool.ts";
import type { Heard } from "../recording/recorder.ts";
import type { Judge } from "./hearing.ts";

const NOTHING: Redaction = Object.freeze({ input: [], output: [] });
const EVERYTHING: Redaction = Object.freeze({ input: [""], output: [""] });

/** What its registration and every policy that decides about a tool name together: nobody takes from what another one says. */
export function redactionBy(judges: readonly Judge[], name: string, tool: ToolSpec | undefined): Redaction {
  const registered = tool?.redact ?? [];
  let found: Redaction = registered.length === 0 ? NOTHING : { input: registered, output: [] };
  for (const { policy } of judges) {
    if (policy.redacts === undefined) continue;
    try {
      found = together(found, policy.redacts(tool ?? { id: name, aliases: [] }));
    } catch {
      // An engine that cannot say what is secret says that all of it may be.
      return EVERYTHING;
    }
  }
  return found;
}

/** Of the tool that was proposed, and of the one that the policy may have put into its place. */
export function redactionOf(heard: Heard, proposed: string, tool: string): Redaction {
  const own = heard.redaction(tool);
  return proposed === tool ? own : together(heard.redaction(proposed), own);
}

function together(one: Redaction, other: Redaction): Redaction {
  if (other === NOTHING) return one;
  return { input: [...one.input, ...other.input], output: [...one.output, ...other.output] };
}
