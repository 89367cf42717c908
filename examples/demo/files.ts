import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Leash } from "@leashkit/core";
import type { LogEntry } from "./log.ts";
import { withThreshold } from "./options.ts";

/** Where everything lies that must survive a killed process: in one temporary folder, removed at the end. */
export interface Files {
  readonly folder: string;
  readonly policy: string;
  /** The leash's own state: approvals, journal, log, keys. */
  readonly state: string;
  readonly checkpoints: string;
  readonly orders: string;
  readonly workspace: string;
  readonly writtenFiles: string;
}

/** Makes the folder and puts the policy in it, with the threshold asked for (dollars). */
export function layOut(threshold: number): Files {
  const policy = withThreshold(readFileSync(new URL("leash.yaml", import.meta.url), "utf8"), threshold);
  const folder = mkdtempSync(join(tmpdir(), "leashkit-demo-"));
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("leash.yaml"), policy);
  return {
    folder,
    policy: at("leash.yaml"),
    state: at("state"),
    checkpoints: at("checkpoints.db"),
    orders: at("orders.jsonl"),
    workspace: at("workspace"),
    writtenFiles: at("written-files.jsonl"),
  };
}

/** Leaves what a stranger needs to check everything, and no secret. */
export async function keepEvidence(
  files: Pick<Files, "policy" | "orders" | "writtenFiles">,
  leash: Leash,
  folder: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const at = (name: string): string => join(folder, name);
  copyFileSync(files.policy, at("leash.yaml"));
  copyFileSync(files.orders, at("orders.jsonl"));
  copyFileSync(files.writtenFiles, at("written-files.jsonl"));
  await leash.checkpoint();
  writeFileSync(at("public-keys.json"), `${JSON.stringify(leash.keySet(), undefined, 2)}\n`);
  const { note } = await leash.log.writeTiles(at("tiles"));
  writeFileSync(at("checkpoint.txt"), note);
  const lines: string[] = [];
  for await (const line of leash.exportLog()) lines.push(line);
  writeFileSync(at("log.jsonl"), lines.map((line) => `${line}\n`).join(""));
  const runs = lines.map((line) => JSON.parse(line) as LogEntry).filter(({ type }) => type === "executed");
  writeFileSync(at("receipts.txt"), (await receiptsOf(leash, runs)).map((token) => `${token}\n`).join(""));
  const [first] = runs;
  if (first === undefined) throw new Error("Nothing ran, so there is nothing to prove.");
  const proof = await leash.log.prove(first.stream, first.seq);
  writeFileSync(at("inclusion.json"), `${JSON.stringify(proof, undefined, 2)}\n`);
}

async function receiptsOf(leash: Leash, runs: readonly LogEntry[]): Promise<readonly string[]> {
  const ids = new Set(runs.flatMap(({ action_id: id }) => (id === undefined ? [] : [id])));
  const receipts: string[] = [];
  for (const id of ids) receipts.push(...(await leash.receipts.list(id)));
  return receipts;
}
