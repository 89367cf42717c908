import { closeSync, existsSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createLeash, type Desk, type Permit } from "@leashkit/core";

/**
 * One of two processes over one state folder: proposes every call, and says yes to whatever waits at its own desk. What its
 * tool does is one line, appended to a file that both share.
 */
const [folder = "", own = "", other = "", calls = "0"] = process.argv.slice(2);

/** How many calls are under way at once in this process. */
const AT_ONCE = 50;

const effects = openSync(join(folder, "effects.jsonl"), "a");

async function buy(call: number, permit: Permit): Promise<{ booked: number; by: string }> {
  // One write of one line to a descriptor with O_APPEND: lines of two processes never mix.
  writeSync(
    effects,
    `${JSON.stringify({ call, actionId: permit.actionId, digest: permit.digest, approvalId: permit.approvalId })}\n`,
  );
  await sleep(1);
  return { booked: call, by: own };
}

/** Clicks on everything until it is told to stop. Gives how many of the clicks counted. */
async function keepApproving(desk: Desk, signal: AbortSignal): Promise<number> {
  let counted = 0;
  while (!signal.aborted) {
    const waiting = await desk.pending();
    const clicks = await Promise.allSettled(waiting.map(({ id }) => desk.approve(id)));
    counted += clicks.filter(({ status }) => status === "fulfilled").length;
    await sleep(2);
  }
  return counted;
}

async function meetOther(): Promise<void> {
  writeFileSync(join(folder, `${own}.ready`), "");
  while (!existsSync(join(folder, `${other}.ready`))) await sleep(2);
}

const policy = { text: "leash: 1\nrules:\n  - { id: all, action: buy, effect: approve }\n" };
const leash = await createLeash({ policy, state: folder, notify: [] });
leash.register({ id: "buy" });
await meetOther();
const done = new AbortController();
const approving = keepApproving(leash.desk({ id: own }), done.signal);
const results: unknown[] = [];
let next = 0;
const propose = async (): Promise<void> => {
  while (next < Number(calls)) {
    const call = next++;
    const proposed = { tool: "buy", input: { call }, callId: `call-${call}`, scope: "race" };
    results[call] = await leash.guard(proposed, (_input, permit) => buy(call, permit));
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, propose));
done.abort();
const counted = await approving;
closeSync(effects);
await leash.close();
writeFileSync(join(folder, `${own}.json`), JSON.stringify({ counted, results }));
