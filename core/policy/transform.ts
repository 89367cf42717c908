import type { Transform } from "../model/decision.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { isJsonObject } from "../strict-json.ts";
import { equal as equalValues } from "./conditions/closures/values.ts";
import type { ComputeForm } from "./language/compute.ts";
import type { CallView } from "./view.ts";

/** What a rule's `compute` makes of a call; `unknown` where it cannot be made. */
export function computed({ set = [], remove = [], tool }: ComputeForm, view: CallView): Transform | "unknown" {
  const { action } = view;
  let input: Json = action.input;
  for (const { steps, value } of set) {
    // Every expression sees the call as it was: the order of the keys means nothing.
    const made = value.value(view);
    const next = made === undefined ? undefined : withMember(input, steps, made);
    if (next === undefined) return "unknown";
    input = next;
  }
  for (const steps of remove) input = withoutMember(input, steps);
  return { tool: tool ?? action.tool, input };
}

/** True where a transform leaves the call as it is. */
export function changesNothing({ tool, input }: Transform, view: CallView): boolean {
  return tool === view.action.tool && equal(input, view.action.input);
}

/** A copy with the member set; undefined where a step is something that has no members. Missing steps are made. */
export function withMember(
  value: Json | undefined,
  [step, ...rest]: readonly string[],
  member: Json,
): Json | undefined {
  if (step === undefined) return member;
  const whole: JsonObject | undefined = value === undefined ? {} : isJsonObject(value) ? value : undefined;
  if (whole === undefined) return undefined;
  const inner = withMember(own(whole, step), rest, member);
  return inner === undefined ? undefined : Object.fromEntries([...Object.entries(whole), [step, inner]]);
}

function withoutMember(value: Json, [step, ...rest]: readonly string[]): Json {
  if (step === undefined || !isJsonObject(value)) return value;
  const member = own(value, step);
  if (member === undefined) return value;
  const others = Object.entries(value).filter(([name]) => name !== step);
  return Object.fromEntries(rest.length === 0 ? others : [...others, [step, withoutMember(member, rest)]]);
}

function own(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Deep equality of JSON; the order of members means nothing. What is too deep to tell is not equal. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || equalValues(a, b) === true;
}
