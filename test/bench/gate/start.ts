import { generateKeyPairSync, sign } from "node:crypto";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash, type Leash } from "@leashkit/core";
import type { Report, RunOptions } from "../../report.ts";
import { CALL, POLICY } from "./call.ts";
import { medianOf, sample, type Sampled, timed } from "./sample.ts";

/** Bytes that are signed, and that are synced: about those of one proof, and of one page. */
const SIGNED_BYTES = 600;
const SYNCED_BYTES = 4_096;

/** Nanoseconds from the proposal to the tool's first instruction: steps 1 to 8. What the outcome costs comes after it. */
export function untilStart(leash: Leash): () => Promise<number> {
  return async () => {
    const proposed = process.hrtime.bigint();
    let started = proposed;
    await leash.guard(CALL, () => {
      started = process.hrtime.bigint();
      return "booked";
    });
    return Number(started - proposed);
  };
}

function signature(): Sampled {
  const { privateKey } = generateKeyPairSync("ed25519");
  const message = Buffer.alloc(SIGNED_BYTES, 7);
  return { name: "one Ed25519 signature", once: () => timed(() => sign(null, message, privateKey)) };
}

function sync(file: number): Sampled {
  const page = Buffer.alloc(SYNCED_BYTES, 7);
  const once = (): Promise<number> =>
    timed(() => {
      writeSync(file, page);
      fdatasyncSync(file);
    });
  return { name: "one fdatasync", once };
}

/** How long a call waits for its leave, beside what nobody can do without: one signature, one flush to the disk. */
export async function start(options: RunOptions, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-bench-"));
  const file = openSync(join(folder, "synced"), "w");
  const memory = await createLeash({ policy: { text: POLICY }, store: "memory", notify: [] });
  const durable = await createLeash({ policy: { text: POLICY }, state: join(folder, "state"), notify: [] });
  try {
    for (const leash of [memory, durable]) leash.register({ id: CALL.tool });
    const candidates = [
      signature(),
      sync(file),
      { name: "gate, memory", once: untilStart(memory) },
      { name: "gate, durable", once: untilStart(durable) },
    ];
    const found = await sample(candidates, { rounds: 20, samples: 50, budgetMs: options.budgetMs / 3 });
    report.table(
      "From the proposal to the tool's start, one at a time, in microseconds",
      [...found].map(([what, { median, p25, p75 }]) => ({
        what,
        median: micro(median),
        p25: micro(p25),
        p75: micro(p75),
      })),
    );
    const [gate, signing] = [medianOf(found, "gate, memory"), medianOf(found, "one Ed25519 signature")];
    const flushes = (medianOf(found, "gate, durable") - gate) / medianOf(found, "one fdatasync");
    report.target({ name: "gate / signature", value: gate / signing, mustBe: "at most", limit: 1.5, unit: "times" });
    report.target({
      name: "(durable - gate) / fdatasync",
      value: flushes,
      mustBe: "at most",
      limit: 1.5,
      unit: "times",
    });
  } finally {
    await Promise.all([memory.close(), durable.close()]);
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}

function micro(nanoseconds: number): number {
  return Math.round(nanoseconds / 10) / 100;
}
