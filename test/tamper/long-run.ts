import { seededRandom } from "@leashkit/core/testing";
import type { Run } from "../runs.ts";
import { changeByte, drawChange, originalOf } from "./changes.ts";
import { keptLog } from "./log.ts";
import { missed } from "./tamper.ts";

const RECORDS = 1_000;
const EVERY = 130;
const CHANGES = 20_000;

/** Every value of every byte of a short log, and seeded changes of a long one: each must be found and its line named. */
export const runTamper: Run = async ({ extra, seed }, report) => {
  const short = await keptLog(10, 10);
  const original = originalOf(short.stream, short.lines);
  const unseen: string[] = [];
  let made = 0;
  for (let position = 0; position < original.bytes.length; position += 1) {
    for (let value = 0; value < 256; value += 1) {
      if (value === original.bytes.readUInt8(position)) continue;
      const problem = await missed(short, 10, changeByte(original, position, value));
      if (problem !== undefined) unseen.push(problem);
      made += 1;
    }
  }
  const long = await keptLog(RECORDS, EVERY);
  const source = originalOf(long.stream, long.lines);
  const random = seededRandom(seed);
  const wanted = Number(extra["iterations"] ?? CHANGES);
  const kinds = new Map<string, number>();
  for (let drawn = 0; drawn < wanted; drawn += 1) {
    const change = drawChange(source, random);
    const problem = await missed(long, EVERY, change);
    if (problem !== undefined) unseen.push(problem);
    kinds.set(change.kind, (kinds.get(change.kind) ?? 0) + 1);
  }
  const rows = [...kinds].map(([change, count]) => ({ log: `${RECORDS} records`, change, count }));
  report.table("Tampering", [{ log: "10 records", change: "a byte changed", count: made }, ...rows]);
  for (const problem of unseen.slice(0, 20)) report.note(problem);
  report.target({
    name: "changes not found, or named wrongly",
    value: unseen.length,
    mustBe: "exactly",
    limit: 0,
    unit: "changes",
  });
};
