import { appendFileSync, closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import {
  createLeash,
  type Desk,
  fileKeyRing,
  isLeashError,
  type Permit,
  sqliteStore,
  type Store,
} from "@leashkit/core";
import { crashingStore, seededRandom } from "@leashkit/core/testing";
import { CALLS } from "./kill-plan.ts";

/**
 * The process that is killed: proposes a few calls over the store of its folder, or the schema in KILL_SCHEMA of the database in
 * KILL_DATABASE, answers its own approvals at a real desk, and dies by SIGKILL at the store operation it was told, or inside the
 * tool. Its effects go to a file that is synced.
 */
const [folder = "", firstCall = "0", crashPoint = "0", dieInTool = ""] = process.argv.slice(2);

const die = (): void => void process.kill(process.pid, "SIGKILL");

async function openStore(): Promise<Store> {
  const { KILL_DATABASE: connectionString = "", KILL_SCHEMA: schema = "" } = process.env;
  if (schema === "") return sqliteStore({ file: join(folder, "store.db") });
  const { postgresStore } = await import("@leashkit/postgres");
  return postgresStore({ connectionString, schema });
}

function book(line: object): void {
  const file = openSync(join(folder, "effects.jsonl"), "a");
  appendFileSync(file, `${JSON.stringify(line)}\n`);
  fsyncSync(file);
  closeSync(file);
}

async function buy(call: number, permit: Permit): Promise<{ booked: number }> {
  if (dieInTool === `before-${call}`) die();
  book({ call, actionId: permit.actionId, digest: permit.digest, approvalId: permit.approvalId });
  if (dieInTool === `after-${call}`) die();
  await new Promise((resolve) => setTimeout(resolve, 1));
  return { booked: call };
}

/** A person who says yes to whatever waits, also to what an earlier process asked. */
function keepApproving(desk: Desk): NodeJS.Timeout {
  return setInterval(() => {
    void desk
      .pending()
      .then((pending) => Promise.allSettled(pending.map(({ id }) => desk.approve(id))))
      .catch(() => undefined);
  }, 10);
}

const random = seededRandom(Number(firstCall) * 7 + Number(crashPoint));
const store = crashingStore(await openStore(), Number(crashPoint), die);
const keys = fileKeyRing({
  folder: join(folder, "keys"),
  clock: { now: () => Date.now() },
  random: (size) => random(size),
});
const policy = {
  text: "leash: 1\nrules:\n  - { id: small, action: buy, when: input.amount < 50, effect: allow }\n  - { id: large, action: buy, effect: approve }\n",
};
const leash = await createLeash({ policy, store, keys, notify: [] });
leash.register({ id: "buy" });
const approving = keepApproving(leash.desk({ id: "ann" }));
const ends = await Promise.allSettled(
  Array.from({ length: CALLS }, (_, offset) => {
    const call = Number(firstCall) + offset;
    const input = { call, amount: call % 2 === 0 ? 10 : 100 };
    return leash.guard({ tool: "buy", input, callId: `call-${call}`, scope: "run" }, (_input, permit) =>
      buy(call, permit),
    );
  }),
);
clearInterval(approving);
await leash.close();
await store.close();
for (const end of ends) {
  // What an earlier process was doing when it was killed is not repeated; everything else must end well.
  const isKnown =
    end.status === "fulfilled" || (isLeashError(end.reason) && end.reason.code === "LEASH_OUTCOME_UNKNOWN");
  if (!isKnown)
    throw new Error("A call ended neither with a result nor with an unknown outcome.", { cause: end.reason });
}
