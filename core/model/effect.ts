/** What a policy says of a call, strictest last. */
export const EFFECTS = ["allow", "approve", "step_up", "deny"] as const;

/** `allow` runs, `approve` asks a person, `step_up` asks a person who proves who they are, `deny` refuses. */
export type Effect = (typeof EFFECTS)[number];

/** `enforce` obeys the decision; `observe` runs the original call and only records what the decision would have been. */
export type Mode = "enforce" | "observe";

/** The stricter of two effects. */
export function stricter(a: Effect, b: Effect): Effect {
  return EFFECTS.indexOf(a) >= EFFECTS.indexOf(b) ? a : b;
}

/** True when `a` demands at least as much as `b`. */
export function atLeast(a: Effect, b: Effect): boolean {
  return EFFECTS.indexOf(a) >= EFFECTS.indexOf(b);
}

/** The stricter of option and document; enforce where neither says anything. */
export function effectiveMode(option: Mode | undefined, document: Mode | undefined): Mode {
  if (option === "enforce" || document === "enforce") return "enforce";
  return option ?? document ?? "enforce";
}
