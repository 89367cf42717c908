import { pathReader, type ReadValue } from "../conditions/closures/terms.ts";
import { isList, memberOf } from "../conditions/closures/values.ts";

/** A path of an OpenLeash condition: where it begins in a call of ours, and the steps below. */
interface ActionPath {
  readonly base: readonly string[];
  readonly steps: readonly (string | number)[];
}

/** Every part of an OpenLeash action, as a call of ours has it. Its trust profile is a claim of the call's: ours stands in the policy. */
const BASES: readonly (readonly [start: string, base: readonly string[], open: boolean])[] = [
  ["payload", ["input"], true],
  ["action_type", ["tool", "name"], false],
  ["principal.agent_id", ["agent"], false],
  ["subject.principal_id", ["subject"], false],
  ["relying_party.domain", ["counterparty", "id"], false],
  ["relying_party.trust_profile", ["counterparty", "trust"], false],
];

const WHOLE_PATH = /^\$(?:\.[A-Za-z_][A-Za-z0-9_]*(?:\[[0-9]{1,4}\])*){1,16}$/;
const STEP = /\.([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]{1,4})\]/g;

/**
 * Reads `$.payload.items[0].sku`; undefined for anything else. There, other characters are passed over, and another member than
 * the one written is looked at: dashes, stars and letters beyond ASCII are refused here.
 */
export function parseActionPath(text: string): ReadValue | undefined {
  if (!WHOLE_PATH.test(text)) return undefined;
  const steps = [...text.matchAll(STEP)].map(([, name, index]) => name ?? Number(index));
  const path = basedOn(steps);
  const [variable = "", ...members] = path?.base ?? [];
  const base = path === undefined ? undefined : pathReader({ variable, steps: members });
  return path === undefined || base === undefined ? undefined : below(base, path.steps);
}

function basedOn(steps: readonly (string | number)[]): ActionPath | undefined {
  for (const [start, base, open] of BASES) {
    const names = start.split(".");
    const rest = steps.slice(names.length);
    if (names.every((name, index) => steps[index] === name) && (open || rest.length === 0))
      return { base, steps: rest };
  }
  return undefined;
}

function below(base: ReadValue, steps: readonly (string | number)[]): ReadValue {
  if (steps.length === 0) return base;
  return (call) => {
    let value = base(call);
    for (const step of steps) {
      if (typeof step === "string") value = memberOf(value, step);
      else value = isList(value) ? value[step] : undefined;
    }
    return value;
  };
}
