import { forbidden, outside, type Refusal } from "../guard.ts";
import { writesSystem } from "./destructive.ts";
import { isNear } from "./kinds.ts";
import type { Redirection } from "./line.ts";
import { STARTUP_NAMES } from "./places.table.ts";
import type { View } from "./places.ts";

const NOT_LISTED = outside("shell_not_listed", "the policy does not allow redirections");
const NOT_NEAR = outside(
  "redirection_not_near",
  "a redirection writes elsewhere than below the working folder, or to a hidden file",
);
const UNKNOWN = forbidden("redirection_unknown", "it is not known where a redirection leads");
const FORBIDDEN = forbidden("redirection_forbidden", "a redirection writes to the system, or to what is run by itself");

const DESCRIPTOR = /^(?:[0-9]{1,3}|-)$/;

const STARTUP = new Set(STARTUP_NAMES);

/**
 * Why a redirection does not pass. Copies of descriptors (`2>&1`) and `/dev/null` always do; else redirections must be
 * allowed, and what is written must lie below the working folder and not be hidden.
 */
export function redirectionProblem(
  { operator, target }: Redirection,
  allowed: boolean,
  sight: Pick<View, "machine" | "folders">,
): Refusal | undefined {
  if (target.glob || target.substituted) return UNKNOWN;
  const { text } = target;
  if (operator.endsWith("&") && DESCRIPTOR.test(text)) return undefined;
  if (text === "/dev/null") return undefined;
  if (operator === "<") return allowed ? undefined : NOT_LISTED;
  if (
    writesSystem(target, sight) ||
    text
      .toLowerCase()
      .split("/")
      .some((name) => STARTUP.has(name))
  )
    return FORBIDDEN;
  if (!allowed) return NOT_LISTED;
  return isNear(text) ? undefined : NOT_NEAR;
}
