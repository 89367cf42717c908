import { attackTheShop, checkEverything } from "./check.ts";
import { keepEvidence } from "./files.ts";
import { killedAfterTheEffect, killedWhileAsked } from "./kill.ts";
import { countLog, readLog } from "./log.ts";
import { type DemoOptions, readOptions, USAGE } from "./options.ts";
import {
  answeredPurchases,
  deferredPurchase,
  expiredPurchase,
  forbiddenFile,
  forgedResume,
  smallPurchase,
} from "./story.ts";
import { createWorld, type World } from "./world.ts";

const CHAPTERS = [
  smallPurchase,
  forbiddenFile,
  answeredPurchases,
  expiredPurchase,
  deferredPurchase,
  forgedResume,
  killedWhileAsked,
  killedAfterTheEffect,
  attackTheShop,
];

/** Tells the story, checks the evidence, and prints the summary as the last line. Returns the exit code. */
async function run(options: DemoOptions): Promise<number> {
  const world = await createWorld(options);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => void world.close().finally(() => process.exit(1)));
  }
  try {
    for (const chapter of CHAPTERS) await chapter(world);
    const summary = await summarise(world);
    if (options.keep !== undefined) await keepEvidence(world.files, world.leash, options.keep);
    for (const failure of world.failures) process.stderr.write(`Does not hold: ${failure}\n`);
    process.stdout.write(`\n${JSON.stringify(summary)}\n`);
    return world.failures.length === 0 ? 0 : 1;
  } finally {
    await world.close();
  }
}

/** Every number is counted: from the log, the ledger, or the proofs that verified. */
async function summarise(world: World) {
  const { orders, proofsVerified, logVerified } = await checkEverything(world);
  const { decisions, executed, approved, denied, expired, unknown } = countLog(await readLog(world.leash));
  return {
    decisions,
    executed,
    approved,
    denied,
    expired,
    deferred: world.deferred.size,
    resumedAfterKill: world.resumedAfterKill.size,
    unknown,
    orders,
    proofsVerified,
    logVerified,
  };
}

const terminal = [process.stdin, process.stdout, process.stderr].every((stream) => stream.isTTY);
const read = readOptions(process.argv.slice(2), terminal);
if (read.ok) {
  process.exitCode = await run(read.options);
} else {
  process.stderr.write(`${read.problem}\n\n${USAGE}\n`);
  process.exitCode = 2;
}
