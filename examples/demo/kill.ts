import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Order } from "./orders.ts";
import { counted } from "./print.ts";
import { CAMERA, PRINTER } from "./script.ts";
import { ordersOf } from "./story.ts";
import type { WorkerReport, WorkerTask } from "./worker.ts";
import type { World } from "./world.ts";

/** A process dies while a person is asked. Another one takes over, and the purchase is made once. */
export async function killedWhileAsked(world: World): Promise<void> {
  world.printer.chapter("A process is killed while a person is asked, and started again");
  const worker = startWorker(world, PRINTER, "start");
  const approvalId = await approvalOf(worker, world);
  worker.kill("SIGKILL");
  await ended(worker);
  world.printer.line("demo", `SIGKILL to process ${worker.pid}; nothing of the agent runs now`, "bad");
  await world.person.show(approvalId);
  const { status } = await world.person.answered(approvalId);
  await world.log.show();

  await takeOver(world, PRINTER);
  const expected = status === "approved" ? 1 : 0;
  world.check(`the shop has exactly ${counted(expected, "order")} for it`, ordersOf(world, PRINTER) === expected);
  if (ordersOf(world, PRINTER) === 1) world.resumedAfterKill.add(PRINTER.item);
}

/** A process dies when the shop has booked and not yet answered. Nobody can know that, so nobody repeats it. */
export async function killedAfterTheEffect(world: World): Promise<void> {
  world.printer.chapter("A process is killed after the shop has booked and before it hears of that");
  const worker = startWorker(world, CAMERA, "start");
  world.onBooked = ({ item }) => void (item === CAMERA.item && worker.kill("SIGKILL"));
  const approvalId = await approvalOf(worker, world);
  await world.person.show(approvalId);
  const { status } = await world.person.answered(approvalId);
  await ended(worker);
  if (status === "approved") {
    await world.log.show();
    world.printer.line("demo", `the shop has booked; SIGKILL to process ${worker.pid} before the answer`, "bad");
    await takeOver(world, CAMERA);
  }
  const expected = status === "approved" ? 1 : 0;
  world.check(`it was not repeated: ${counted(expected, "order")}`, ordersOf(world, CAMERA) === expected);
}

/** The id of the approval that the worker waits for. */
async function approvalOf(worker: ChildProcess, { log }: World): Promise<string> {
  const report = await reportOf(worker);
  // The worker tells of its own part of the log.
  await log.skip();
  if (!("pending" in report)) throw new Error("The worker was to wait for a person.");
  return report.pending;
}

async function takeOver(world: World, order: Order): Promise<void> {
  const worker = startWorker(world, order, "resume");
  world.printer.line("demo", `process ${worker.pid} takes over from the checkpoint`);
  await reportOf(worker);
  await ended(worker);
  await world.log.skip();
}

function startWorker(world: World, order: Order, phase: WorkerTask["phase"]): ChildProcess {
  const { policy, state, checkpoints } = world.files;
  const task: WorkerTask = { phase, order, policy, state, checkpoints, tools: world.tools };
  const worker = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [JSON.stringify(task)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  world.atClose(() => void worker.kill("SIGKILL"));
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
