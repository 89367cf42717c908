// Another process, run by processes.test.ts: `child.fixture.ts <job> <schema> [<argument>]`, the server in CONNECTION_STRING.
import { writeSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type AuditRecord, createLeash, isLeashError } from "@leashkit/core";
import { scriptedPolicy } from "@leashkit/core/testing";
import { postgresStore } from "./index.ts";

const [job, schema = "", argument = ""] = process.argv.slice(2);
const store = await postgresStore({ connectionString: process.env["CONNECTION_STRING"] ?? "", schema });

/** Commits numbered rows, each with a line, and prints each number once its commit was acknowledged. */
async function commitForEver(): Promise<void> {
  let next = Number(argument);
  const commitOn = async (): Promise<never> => {
    for (;;) {
      const number = (next += 1);
      const stream = number % 2 === 0 ? "shared" : `process-${process.pid}`;
      const change = { kind: "used", id: `${number}`, expect: 0, body: { number } } as const;
      try {
        const result = await store.commit([change], { stream, records: [numbered(number)] });
        if (!result.ok) throw new Error(`the row ${number} was there before`);
        writeSync(1, `${number}\n`);
      } catch (error) {
        // A server that stands still for seconds has acknowledged nothing: whether it wrote is what the test finds out.
        if (!isLeashError(error, "LEASH_STORE_UNAVAILABLE")) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, commitOn));
}

/** When told to go, adds one to a shared counter, again and again, by compare-and-set; prints how often it was too late. */
async function increment(): Promise<void> {
  let conflicts = 0;
  writeSync(1, "ready\n");
  await once(process.stdin, "data");
  for (let done = 0; done < Number(argument);) {
    const row = await store.get("counter", "shared");
    const change = {
      kind: "counter",
      id: "shared",
      expect: row?.version ?? 0,
      body: Number(row?.body ?? 0) + 1,
    } as const;
    const { ok } = await store.commit([change], { stream: "shared", records: [numbered(done)] });
    if (ok) done += 1;
    else conflicts += 1;
  }
  writeSync(1, `${conflicts}\n`);
}

/** Changes a row for each line it reads, and prints when that was committed. */
async function touch(): Promise<void> {
  let version = 0;
  writeSync(1, "ready\n");
  for await (const _line of createInterface({ input: process.stdin })) {
    await store.commit([{ kind: "used", id: "bell", expect: version, body: version }]);
    version += 1;
    writeSync(1, `${Date.now()}\n`);
  }
}

/** Says yes to everything that waits, for as long as it runs. */
async function approve(): Promise<void> {
  const leash = await createLeash({ policy: scriptedPolicy(() => "deny"), store, state: argument, notify: [] });
  const desk = leash.desk({ id: "ann", assurance: "login" });
  writeSync(1, "ready\n");
  for (;;) {
    for (const { id } of await desk.pending()) {
      await desk.approve(id);
      writeSync(1, `${Date.now()}\n`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function numbered(number: number): AuditRecord {
  return {
    payload: { type: "decided", tenant: "tenant", actor_type: "agent", actor_id: "agent", detail: `${number}` },
    envelope: { action_id: `action-${number}` },
  };
}

const jobs: Readonly<Record<string, () => Promise<void>>> = { commitForEver, increment, touch, approve };
await jobs[job ?? ""]?.();
await store.close();
