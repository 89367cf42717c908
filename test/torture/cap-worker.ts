import { closeSync, existsSync, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createLeash } from "@leashkit/core";

/**
 * One of several processes over one state folder that spend one cap: proposes calls all at once, each of which takes a part of
 * it. What its tool spends is one line, appended to a file that all share.
 */
const [folder = "", own = "", processes = "0", calls = "0", amount = "0", cap = "0"] = process.argv.slice(2);

const spent = openSync(join(folder, "spent.jsonl"), "a");

/** All begin together. */
async function meetOthers(): Promise<void> {
  writeFileSync(join(folder, `${own}.ready`), "");
  const ready = (): number => readdirSync(folder).filter((name) => name.endsWith(".ready")).length;
  while (ready() < Number(processes)) await sleep(2);
}

const policy = {
  text: `leash: 1
rules: [{ id: all, action: spend, effect: allow }]
limits: [{ id: cap, action: spend, sum: input.amount, window: 24h, max: ${cap} }]
`,
};
const leash = await createLeash({ policy, state: folder, notify: [] });
leash.register({ id: "spend" });
await meetOthers();
const input = { amount: Number(amount) };
const ends = await Promise.all(
  Array.from({ length: Number(calls) }, () =>
    leash
      .guard({ tool: "spend", input }, () => writeSync(spent, `${amount}\n`))
      .then(
        () => "spent",
        (error: { readonly code?: string }) => error.code ?? "an error without a code",
      ),
  ),
);
closeSync(spent);
if (!existsSync(join(folder, "store.db"))) throw new Error("the store is not where it is shared");
await leash.close();
writeFileSync(join(folder, `${own}.json`), JSON.stringify(ends));
