// #region kept
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalText, type KeySet, sha256Hex, verifyJsonl, verifyProof } from "@leashkit/core";

interface Booked {
  readonly order: { readonly merchant_domain: string };
  readonly bookedAt: number;
  readonly proof: string;
}

const folder = process.argv[2] ?? "evidence";
const keys = JSON.parse(await readFile(join(folder, "public-keys.json"), "utf8")) as KeySet;

const report = await verifyJsonl(await readFile(join(folder, "log.jsonl")));
process.stdout.write(`log: ${report.firstBad?.problem ?? `${report.records} lines hold`}\n`);

for (const line of (await readFile(join(folder, "orders.jsonl"), "utf8")).trim().split("\n")) {
  const { order, bookedAt, proof } = JSON.parse(line) as Booked;
  const input = sha256Hex(canonicalText(order));
  const { rule } = verifyProof(proof, keys, { audience: order.merchant_domain, input, now: bookedAt }); // throws unless it holds
  process.stdout.write(`order: allowed by ${rule}\n`);
}
// #endregion
