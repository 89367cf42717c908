import { canonicalText } from "../canonical.ts";
import type { Action } from "../model/call.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { isJsonObject } from "../strict-json.ts";

/** Members that are named; a call with more changes is told how many there are. */
const MOST_NAMED = 8;

/** Characters of one value that is shown. */
const LONGEST_VALUE = 120;

/**
 * What a model is told of a call that ran in another form than it proposed: which members are different now, and how. Its own
 * values and those that ran; nothing of the rule that changed them. Undefined where nothing was changed.
 * @example changeNotice(proposed, ran) // "This call was changed before it ran: limit is 100."
 */
export function changeNotice(proposed: Action, ran: Action): string | undefined {
  if (proposed.digest === ran.digest) return undefined;
  const tool = proposed.tool === ran.tool ? [] : [`the tool is ${JSON.stringify(ran.tool)}`];
  const changes = [...tool, ...differences("", proposed.input, ran.input)];
  const named = changes.slice(0, MOST_NAMED).join("; ");
  const more = changes.length > MOST_NAMED ? `; and ${changes.length - MOST_NAMED} more` : "";
  return `This call was changed before it ran: ${named}${more}.`;
}

function differences(path: string, before: Json, after: Json): readonly string[] {
  if (!isJsonObject(before) || !isJsonObject(after))
    return canonicalText(before) === canonicalText(after) ? [] : [`${path || "the input"} is ${shown(after)}`];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const step = path === "" ? name : `${path}.${name}`;
    const [old, now] = [own(before, name), own(after, name)];
    if (now === undefined) return [`${step} was removed`];
    return old === undefined ? [`${step} is ${shown(now)}`] : differences(step, old, now);
  });
}

function own(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE).toWellFormed()}…`;
}
