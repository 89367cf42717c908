// #region telemetry
import { createLeash, type Leash } from "@leashkit/core";

/** Register your OpenTelemetry SDK as you do for the rest of the program; the leash finds it. */
export function watchedLeash(policy: string): Promise<Leash> {
  return createLeash({
    policy,
    telemetry: { log: (entry) => process.stderr.write(`${JSON.stringify(entry)}\n`) }, // or `telemetry: true`
  });
}
// #endregion
