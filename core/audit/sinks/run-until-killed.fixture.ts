// Run by kill.test.ts: runs calls for ever behind a required file sink; each writes its action's id to a file of effects.
import { appendFileSync } from "node:fs";
import { isLeashError } from "../../errors.ts";
import { createLeash } from "../../leash.ts";
import { fileSink } from "./file.ts";

const [state = "", file = "", effects = ""] = process.argv.slice(2);
const leash = await createLeash({
  policy: { text: "leash: 1\ntools: { act: { decision: allow } }\n" },
  state,
  notify: [],
  audit: { sinks: [fileSink({ file, required: true, maxBytes: 20_000 })] },
});
leash.register({ id: "act" });

async function runForEver(): Promise<never> {
  for (;;) {
    try {
      await leash.guard({ tool: "act", input: {} }, (_input, { actionId }) => appendFileSync(effects, `${actionId}\n`));
    } catch (error) {
      // A disk that stands still for seconds is a reason not to start a call, and none to give up.
      if (!isLeashError(error, "LEASH_STORE_UNAVAILABLE")) throw error;
    }
  }
}

await Promise.all(Array.from({ length: 4 }, runForEver));
