import type { Effect } from "../../model/effect.ts";
import { block, oneOf, type Reader, type Shape, type Values } from "../readers.ts";
import { methodName } from "./terms.ts";

/** What the person behind an action must have shown; nothing that a call says of itself counts. */
export interface RequirementsForm {
  readonly min_assurance_level?: "LOW" | "SUBSTANTIAL" | "HIGH";
  readonly credential_scheme?: string;
}

export const requirementsShape: Shape<RequirementsForm> = {
  what: "`requirements`",
  keys: {
    min_assurance_level: oneOf("`min_assurance_level`", ["LOW", "SUBSTANTIAL", "HIGH"]),
    credential_scheme: methodName,
  },
};

export const requirements: Reader<Values<RequirementsForm>> = (node, report) =>
  block(requirementsShape)(node, report)?.values;

/** The effect with what is required: only a step-up attests who somebody is. */
export function withRequirements(effect: Effect, form: Values<RequirementsForm> | undefined): Effect {
  if (effect === "deny" || form === undefined) return effect;
  const level = form.min_assurance_level ?? "LOW";
  return level !== "LOW" || form.credential_scheme !== undefined ? "step_up" : effect;
}
