import { seededRandom } from "@leashkit/core/testing";
import { describe, expect, it } from "vitest";
import { changeByte, cutAt, cutLines, drawChange, originalOf, removeLine, swapLines } from "./changes.ts";
import { keptLog } from "./log.ts";
import { missed } from "./tamper.ts";

const log = await keptLog(10, 10);
const original = originalOf(log.stream, log.lines);

describe("tampering with a log of ten records", () => {
  it("I10, A-S5, B-H18: every byte that is changed is found, and its line named; the long run tries all values", async () => {
    const unseen: string[] = [];
    for (let position = 0; position < original.bytes.length; position += 1) {
      const value = original.bytes.readUInt8(position) ^ (1 << (position % 8));
      const problem = await missed(log, 10, changeByte(original, position, value));
      if (problem !== undefined) unseen.push(problem);
    }
    expect(unseen).toEqual([]);
  });

  it("I10, A-S5, B-H18: every deletion, swap and truncation is found, in the file and in the store", async () => {
    const unseen: (string | undefined)[] = [];
    for (let at = 0; at < log.lines.length; at += 1) {
      unseen.push(await missed(log, 10, removeLine(original, at)), await missed(log, 10, cutLines(original, at)));
      for (let other = at + 1; other < log.lines.length; other += 1) {
        unseen.push(await missed(log, 10, swapLines(original, at, other)));
      }
    }
    // The last line feed may be missing: the line before it is whole.
    for (let length = 0; length < original.bytes.length - 1; length += 1) {
      unseen.push(await missed(log, 10, cutAt(original, length)));
    }
    expect(unseen.filter((problem) => problem !== undefined)).toEqual([]);
  });
});

describe("tampering with a log of a thousand records", () => {
  it("I10: a hundred seeded changes are found; `npm run torture -- tamper` makes 20,000", async () => {
    const large = await keptLog(1_000, 130);
    const source = originalOf(large.stream, large.lines);
    const random = seededRandom(20_260_101);
    const unseen: string[] = [];
    for (let made = 0; made < 100; made += 1) {
      const problem = await missed(large, 130, drawChange(source, random));
      if (problem !== undefined) unseen.push(problem);
    }
    expect(unseen).toEqual([]);
  });

  it("is not found where there is none: the log as it was holds", async () => {
    const large = await keptLog(1_000, 130);
    const { bytes, lines } = originalOf(large.stream, large.lines);
    expect(await missed(large, 130, { kind: "nothing", bytes, lines, line: 0, isForged: false })).toContain(
      "was not found",
    );
  });
});
