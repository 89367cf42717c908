import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type Approval, createLeash, type Leash } from "@leashkit/core";
import { postgresStore } from "@leashkit/postgres";
import { freshSchema, type TestServer } from "../../../packages/postgres/server.fixture.ts";
import type { Report, RunOptions } from "../../report.ts";
import { withProgram } from "../../setup/compile.ts";
import { ASKING_POLICY } from "./call.ts";
import { medianOf, sample, type Samples } from "./sample.ts";

const HERE = "answered in this process";
const ELSEWHERE = "answered in another process";

/** Says yes, and gives the moment in which that was durable, in nanoseconds of the machine's monotonic clock. */
type Answer = (id: string) => Promise<bigint>;

/** A process with a desk of its own over the same database. */
interface OtherProcess {
  readonly answer: Answer;
  /** Resolves when it is gone. */
  stop(): Promise<void>;
}

async function startOther(program: string, state: string, environment: Record<string, string>): Promise<OtherProcess> {
  const child = spawn(process.execPath, [program, state], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { done, value } = await lines.next();
    if (done === true) throw new Error("The process that answers has ended.");
    return value;
  };
  await line();
  return {
    async answer(id) {
      child.stdin.write(`${id}\n`);
      return BigInt(await line());
    },
    async stop() {
      child.stdin.end();
      await gone;
    },
  };
}

/** A person takes longer: by then the wait has begun, and listens to the database. Milliseconds. */
const HELD_MS = 50;

/** Nanoseconds from the moment in which the yes is durable to the held tool's start. */
function wake(leash: Leash, answer: Answer): () => Promise<number> {
  let call = 0;
  return async () => {
    let answered: Promise<bigint> | undefined;
    let started = 0n;
    const onHold = ({ id }: Approval): void => void (answered = sleep(HELD_MS).then(() => answer(id)));
    const proposed = { tool: "refund", input: { call: (call += 1) } };
    await leash.guard(proposed, () => void (started = process.hrtime.bigint()), { onHold });
    if (answered === undefined) throw new Error("The measured call must be held.");
    return Number(started - (await answered));
  };
}

/** How soon a held call goes on after a yes, over PostgreSQL. */
export async function wakeOverPostgres(
  { connectionString }: TestServer,
  state: string,
  options: RunOptions,
  report: Report,
): Promise<void> {
  const schema = freshSchema();
  const store = await postgresStore({ connectionString, schema });
  const leash = await createLeash({ policy: { text: ASKING_POLICY }, store, state, notify: [] });
  leash.register({ id: "refund" });
  const desk = leash.desk({ id: "ann" });
  const here: Answer = async (id) => {
    await desk.approve(id);
    return process.hrtime.bigint();
  };
  try {
    const found = await withProgram("test/bench/gate/answer-worker.ts", async (program) => {
      const other = await startOther(program, state, { BENCH_DATABASE: connectionString, BENCH_SCHEMA: schema });
      try {
        const candidates = [
          { name: HERE, once: wake(leash, here) },
          { name: ELSEWHERE, once: wake(leash, other.answer) },
        ];
        return await sample(candidates, { rounds: 10, samples: 5, budgetMs: options.budgetMs / 6 });
      } finally {
        await other.stop();
      }
    });
    print(found, report);
  } finally {
    await leash.close();
    await store.close();
  }
}

function print(found: Samples, report: Report): void {
  report.table(
    "From a durable yes to the held tool's start over PostgreSQL, in milliseconds",
    [...found].map(([what, { median, p25, p75 }]) => ({ what, median: median / 1e6, p25: p25 / 1e6, p75: p75 / 1e6 })),
  );
  report.target({
    name: "woken over PostgreSQL",
    value: medianOf(found, ELSEWHERE) / 1e6,
    mustBe: "at most",
    limit: 10,
    unit: "ms",
  });
}
