import { seededRandom } from "@leashkit/core/testing";
import type { Run } from "../runs.ts";
import { type Change, changeByte, drawChange, originalOf } from "./changes.ts";
import { keptLog, type KeptLog } from "./log.ts";
import { missed } from "./tamper.ts";

const RECORDS = 1_000;
const EVERY = 130;
const CHANGES = 20_000;

/**
 * Every value of every byte of a short log, and seeded changes of a long one: each must be found and its line named. With
 * `--iterations N` only so many seeded ones.
 */
export const runTamper: Run = async ({ extra, seed }, report) => {
  const stated = extra["iterations"];
  const unseen: string[] = [];
  const kinds = new Map<string, number>();
  const tried = async (log: KeptLog, every: number, change: Change): Promise<void> => {
    const problem = await missed(log, every, change);
    if (problem !== undefined) unseen.push(problem);
    const kind = `${log.lines.length} records: ${change.kind}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  };
  if (stated === undefined) await tryEveryByte(tried);
  const long = await keptLog(RECORDS, EVERY);
  const source = originalOf(long.stream, long.lines);
  const random = seededRandom(seed);
  const wanted = Number(stated ?? CHANGES);
  for (let drawn = 0; drawn < wanted; drawn += 1) await tried(long, EVERY, drawChange(source, random));
  report.table(
    "Tampering",
    [...kinds].map(([change, count]) => ({ change, count })),
  );
  for (const problem of unseen.slice(0, 20)) report.note(problem);
  const name = "changes not found, or named wrongly";
  report.target({ name, value: unseen.length, mustBe: "exactly", limit: 0, unit: "changes" });
};

async function tryEveryByte(tried: (log: KeptLog, every: number, change: Change) => Promise<void>): Promise<void> {
  const short = await keptLog(10, 10);
  const original = originalOf(short.stream, short.lines);
  for (let position = 0; position < original.bytes.length; position += 1) {
    const own = original.bytes.readUInt8(position);
    for (let value = 0; value < 256; value += 1) {
      if (value !== own) await tried(short, 10, changeByte(original, position, value));
    }
  }
}
