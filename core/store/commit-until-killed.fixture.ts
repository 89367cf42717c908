// Run by kill.test.ts: commits numbered rows, each with a log line, and prints each number once its commit was acknowledged.
// Odd numbers go to a stream of this process, even ones to a stream that all such processes write to.
import { writeSync } from "node:fs";
import { numbered } from "../testing/store-harness.ts";
import { memoryStore } from "./memory.ts";
import { sqliteStore } from "./sqlite.ts";

const [kind, path = "", first] = process.argv.slice(2);
const store = kind === "sqlite" ? await sqliteStore({ file: path }) : memoryStore({ log: path });
let next = Number(first);

async function commitForEver(): Promise<never> {
  for (;;) {
    const number = (next += 1);
    const change = { kind: "used", id: `${number}`, expect: 0, body: { number } } as const;
    const stream = number % 2 === 0 ? "shared" : `process-${process.pid}`;
    const result = await store.commit([change], { stream, records: [numbered(number)] });
    if (!result.ok) throw new Error(`the row ${number} was there before`);
    writeSync(1, `${number}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, commitForEver));
