import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { writeSync } from "node:fs";
import { createLeash } from "@leashkit/core";
import { ASKING_POLICY } from "./call.ts";

/**
 * Holds so many calls over the state folder it is given, and prints what they cost as JSON. A process of its own and compiled: what
 * runs TypeScript in development adds to every function, which is no memory of a held call.
 */
const [state = "", pending = "0"] = process.argv.slice(2);
const calls = Number(pending);

/** Proposals in flight while the many are opened. */
const AT_ONCE = 500;

/** Garbage is nobody's memory: the collector runs before each look. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed;
}

const leash = await createLeash({ policy: { text: ASKING_POLICY }, state, notify: [] });
leash.register({ id: "refund" });
const before = heapUsed();
const opening = performance.now();
for (let call = 0; call < calls; call += AT_ONCE) {
  const waiting = Array.from({ length: AT_ONCE }, (_, next) => {
    return new Promise<void>((onHold) => {
      const proposed = { tool: "refund", input: { call: call + next } };
      void leash.guard(proposed, () => "refunded", { onHold: () => onHold() });
    });
  });
  await Promise.all(waiting);
}
const openedMs = performance.now() - opening;
const bytes = (heapUsed() - before) / calls;
const listing = performance.now();
const listed = (await leash.desk({ id: "ann" }).pending()).length;
writeSync(1, JSON.stringify({ openedMs, bytes, listedMs: performance.now() - listing, listed }));
// They wait for answers that nobody will give.
process.exit(0);
