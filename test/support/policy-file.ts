import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash, type Leash, type LeashOptions, type PolicyEvent } from "@leashkit/core";
import { countingShop, type CountingShop } from "@leashkit/core/testing";
import { expect, onTestFinished } from "vitest";
import { logOf } from "./leash.ts";

/** Short enough for a test, long enough that a loaded machine does not take a pause of the test for rest. */
export const SETTLE_MS = 60;

/** A leash that watches a policy file of its own, with the tool `buy`. */
export interface WatchingLeash {
  readonly leash: Leash;
  readonly shop: CountingShop;
  readonly folder: string;
  readonly file: string;
  /** What the host was told, in order. */
  readonly events: PolicyEvent[];
  /** Waits until the host was told of this, `times` times in all. */
  readonly told: (kind: PolicyEvent["kind"], times?: number) => Promise<void>;
  /** Puts a whole new text in the place of the file, as careful programs do. */
  readonly replace: (text: string) => void;
  /** The log's lines about the policy. */
  readonly policyLines: () => Promise<Record<string, unknown>[]>;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-reload-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function watchingLeash(text: string, options: Partial<LeashOptions> = {}): Promise<WatchingLeash> {
  const folder = temporaryFolder();
  const file = typeof options.policy === "string" ? options.policy : join(folder, "leash.yaml");
  if (options.policy === undefined) writeFileSync(file, text);
  const events: PolicyEvent[] = [];
  const leash = await createLeash({
    policy: file,
    store: "memory",
    notify: [],
    watch: { settleMs: SETTLE_MS, intervalMs: 40 },
    onPolicy: (event) => void events.push(event),
    ...options,
  });
  onTestFinished(() => leash.close());
  leash.register({ id: "buy" });
  return {
    leash,
    shop: countingShop(),
    folder,
    file,
    events,
    told: (kind, times = 1) =>
      expect
        .poll(() => events.filter((event) => event.kind === kind).length, { timeout: 10_000, interval: 5 })
        .toBe(times),
    replace(next) {
      writeFileSync(`${file}.new`, next);
      renameSync(`${file}.new`, file);
    },
    async policyLines() {
      const lines = await logOf(leash);
      return lines.filter(({ type }) => ["policy.loaded", "policy.refused", "mode.changed"].includes(String(type)));
    },
  };
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
