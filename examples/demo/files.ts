import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Leash } from "@leashkit/core";
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
export async function keepEvidence(files: Files, leash: Leash, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  copyFileSync(files.policy, join(folder, "leash.yaml"));
  copyFileSync(files.orders, join(folder, "orders.jsonl"));
  copyFileSync(files.writtenFiles, join(folder, "written-files.jsonl"));
  writeFileSync(join(folder, "public-keys.json"), `${JSON.stringify(leash.keySet(), undefined, 2)}\n`);
  let log = "";
  for await (const line of leash.exportLog()) log += `${line}\n`;
  writeFileSync(join(folder, "log.jsonl"), log);
}
