/**
 * One life of a loop's process, for suspension.test.ts: `loop.fixture.ts <folder> <propose|resume> <die: never|waiting|inside>`.
 * Keeps its suspension in the folder; prints the outputs as one JSON line if it lives to the end.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLeash } from "@leashkit/core";
import { chatCall } from "./calls.fixture.ts";
import { createInterceptor, type Suspension } from "./index.ts";

const POLICY = "default: deny\ntools: { buy: { decision: approve }, look: { decision: allow } }\n";

const [folder = "", step = "propose", die = "never"] = process.argv.slice(2);
const note = (line: string): void => appendFileSync(join(folder, "effects.txt"), `${line}\n`);
const kept = join(folder, "suspension.json");

const leash = await createLeash({ policy: { text: `leash: 1\n${POLICY}` }, state: join(folder, "state"), notify: [] });
const interceptor = createInterceptor(leash, {
  handlers: {
    look: ({ at }: { at: string }) => {
      note(`look ${at}`);
      return `saw ${at}`;
    },
    buy: ({ item }: { item: string }) => {
      note(`buy ${item}`);
      if (die === "inside") process.kill(process.pid, "SIGKILL");
      return `sold ${item}`;
    },
  },
});

const calls = [chatCall("l", "look", { at: "shelf" }), chatCall("b", "buy", { item: "tea" })];
const { outputs, suspension } =
  step === "propose"
    ? await interceptor.run(calls)
    : await interceptor.run(JSON.parse(readFileSync(kept, "utf8")) as Suspension);
if (suspension !== null) writeFileSync(kept, JSON.stringify(suspension));
if (die === "waiting") process.kill(process.pid, "SIGKILL");
process.stdout.write(`${JSON.stringify(outputs)}\n`);
await leash.close();
