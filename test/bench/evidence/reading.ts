import { hash } from "node:crypto";
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { verifyJsonl } from "@leashkit/core";
import { seededRandom } from "@leashkit/core/testing";
import { EMPTY_HEAD, type Head, link } from "../../../core/store/chain.ts";
import type { Report, RunOptions } from "../../report.ts";
import { measure, ratio, shuffled } from "../measure.ts";
import { sampleRecord } from "./record.ts";

const MOST_RECORDS = 1_000_000;
/** What a record costs this bench: to write it, and to read it in four rounds in two ways. */
const MICROSECONDS_A_RECORD = 50;
const PLAIN = "JSON.parse and SHA-256 a line";
const VERIFIED = "verifyJsonl";

/** Lines of a log, some hundred at a time. */
function* linesOf(records: number): Generator<string> {
  let head: Head = EMPTY_HEAD;
  for (let from = 0; from < records; from += 500) {
    let text = "";
    for (let number = from; number < Math.min(from + 500, records); number += 1) {
      const linked = link("writer-1", head, Date.UTC(2026, 0, 1) + number, sampleRecord(number));
      text += `${linked.line}\n`;
      head = linked.head;
    }
    yield text;
  }
}

/** A log on the disk as it is exported. */
export async function writeLog(file: string, records: number): Promise<void> {
  await pipeline(linesOf(records), createWriteStream(file));
}

/** The least that whoever looks at every line does. Gives the number of lines. */
export async function readPlainly(file: string): Promise<number> {
  let lines = 0;
  let rest = "";
  for await (const chunk of createReadStream(file, "utf8")) {
    const found = `${rest}${String(chunk)}`.split("\n");
    rest = found.pop() ?? "";
    for (const line of found) {
      JSON.parse(line);
      hash("sha256", line, "hex");
    }
    lines += found.length;
  }
  return lines;
}

/** Gives the number of lines that hold. */
export async function readVerified(file: string): Promise<number> {
  const { firstBad, records } = await verifyJsonl(createReadStream(file));
  if (firstBad !== null) throw new Error(`The log does not hold: ${firstBad.problem}`);
  return records;
}

/** Verifying an exported log of a million records; fewer where the budget is short. */
export async function reading({ seed, budgetMs }: RunOptions, report: Report): Promise<void> {
  const records = Math.min(MOST_RECORDS, Math.floor((budgetMs * 1_000) / MICROSECONDS_A_RECORD));
  const folder = mkdtempSync(join(tmpdir(), "leashkit-bench-"));
  const file = join(folder, "log.jsonl");
  const random = seededRandom(seed);
  const all = async (read: Promise<number>): Promise<void> => {
    if ((await read) !== records) throw new Error("Every line must be read.");
  };
  try {
    await writeLog(file, records);
    const measured = await measure(
      [
        { name: PLAIN, calls: records, run: () => all(readPlainly(file)) },
        { name: VERIFIED, calls: records, run: () => all(readVerified(file)) },
      ],
      { rounds: 3, warmUp: 1, shuffle: (list) => shuffled(list, random) },
    );
    report.table(
      `Verifying a log of ${records.toLocaleString("en-US")} records, ${Math.round(statSync(file).size / 1e6)} MB on the disk`,
      measured.map(({ name, median }) => ({
        what: name,
        "microseconds a record": median / 1e3,
        seconds: (median * records) / 1e9,
      })),
    );
    const value = ratio(measured, VERIFIED, PLAIN);
    report.target({ name: "verifying / reading", value, mustBe: "at most", limit: 2, unit: "times" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
