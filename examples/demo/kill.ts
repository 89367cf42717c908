import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Approval } from "@leashkit/core";
import type { Order } from "./orders.ts";
import { CAMERA, PRINTER } from "./script.ts";
import { ordersOf } from "./story.ts";
import type { WorkerReport, WorkerTask } from "./worker.ts";
import type { World } from "./world.ts";

/** A process dies while a person is asked. Another one takes over, and the purchase is made once. */
export async function killedWhileAsked(world: World): Promise<void> {
  world.printer.chapter("A process is killed while a person is asked, and started again");
  const approval = await askThenKill(world, PRINTER);
  await runToTheEnd(world, PRINTER);
  const expected = approval.status === "approved" ? 1 : 0;
  world.check(`the shop has exactly ${expected} order for it`, ordersOf(world, PRINTER) === expected);
  if (ordersOf(world, PRINTER) === 1) world.resumedAfterKill.add(PRINTER.item);
}

/** A process dies when the shop has booked and not yet answered. Nobody can know that, so nobody repeats it. */
export async function killedAfterTheEffect(world: World): Promise<void> {
  world.printer.chapter("A process is killed after the shop has booked and before it hears of that");
  const approval = await askThenKill(world, CAMERA);
  if (approval.status === "approved") {
    const second = startWorker(world, CAMERA, "resume");
    world.onBooked = ({ item }) => {
      if (item === CAMERA.item) second.kill("SIGKILL");
    };
    await ended(second);
    world.printer.line("demo", `the shop has booked; SIGKILL to process ${second.pid} before the answer`, "bad");
  }
  await runToTheEnd(world, CAMERA);
  const expected = approval.status === "approved" ? 1 : 0;
  world.check(`it was not repeated: ${expected} order`, ordersOf(world, CAMERA) === expected);
}

/** Lets a worker ask, kills it, and has the person answer while no process of the agent lives. */
async function askThenKill(world: World, order: Order): Promise<Approval> {
  const worker = startWorker(world, order, "start");
  const report = await reportOf(worker);
  if (!("pending" in report)) throw new Error("The worker was to wait for a person.");
  worker.kill("SIGKILL");
  await ended(worker);
  world.printer.line("demo", `SIGKILL to process ${worker.pid}; nothing of the agent runs now`, "bad");
  // The worker told of its own part of the log.
  await world.log.skip();
  await world.person.show(report.pending);
  const approval = await world.person.answered(report.pending);
  await world.log.show();
  return approval;
}

async function runToTheEnd(world: World, order: Order): Promise<void> {
  const worker = startWorker(world, order, "resume");
  world.printer.line("demo", `process ${worker.pid} takes over from the checkpoint`);
  await reportOf(worker);
  await ended(worker);
  await world.log.skip();
}

function startWorker({ files, tools, atClose }: World, order: Order, phase: WorkerTask["phase"]): ChildProcess {
  const { policy, state, checkpoints } = files;
  const task: WorkerTask = { phase, order, policy, state, checkpoints, tools };
  const worker = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [JSON.stringify(task)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  atClose(() => void worker.kill("SIGKILL"));
  return worker;
}

async function reportOf(worker: ChildProcess): Promise<WorkerReport> {
  const gone = once(worker, "exit").then(() => {
    throw new Error(`Process ${worker.pid} ended before it reported.`);
  });
  const [report] = (await Promise.race([once(worker, "message"), gone])) as [WorkerReport];
  return report;
}

async function ended(worker: ChildProcess): Promise<void> {
  if (worker.exitCode === null && worker.signalCode === null) await once(worker, "exit");
}
