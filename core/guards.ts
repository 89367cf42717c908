import { gatherAnswers } from "./facts/gather.ts";
import { systemProbe } from "./facts/probes.ts";
import type { Json } from "./model/json.ts";
import type { Guard, Refusal } from "./policy/guards/guard.ts";
import { stateRoot } from "./state.ts";

export interface CheckGuardOptions {
  /** Folders that no call may reach beside the leash's own state folders. Default none. */
  readonly folders?: readonly string[];
  /** Ports of the desk, which no call may reach on this machine. Default none. */
  readonly ports?: readonly number[];
}

/**
 * Asks a guard about an input, outside of any policy: resolves hosts and follows paths on this machine, then lets the guard
 * decide. What cannot be found out in five seconds is refused.
 *
 * @returns undefined where the input passes, else why not. The message is for people, not for a model.
 * @example
 * const guard = pathGuard({ allowedPaths: ["/workspace/**"] });
 * const refusal = await checkGuard(guard, { path: "/workspace/../etc/passwd" }); // { kind: "outside", code: "path_not_listed", … }
 */
export async function checkGuard(
  guard: Guard,
  input: Json,
  { folders = [], ports = [] }: CheckGuardOptions = {},
): Promise<Refusal | undefined> {
  const probe = systemProbe({ folders: [stateRoot(), ...folders], ports });
  return guard.check(input, await gatherAnswers(guard.needs(input), probe));
}
