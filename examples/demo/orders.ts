import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { z } from "zod";

/** What an agent may ask a shop for. The tool's arguments and the shop's request body are this very object. */
export const orderSchema = z.strictObject({
  item: z.string().min(1).max(200),
  merchant_domain: z.string().min(1).max(253),
  /** Minor units: 1999 is $19.99. */
  amount_minor: z.int().positive(),
  currency: z.enum(["USD", "EUR"]),
});

export type Order = z.infer<typeof orderSchema>;

/** One line of a shop's ledger: the order, and the proof that somebody was allowed to place it. */
export interface BookedOrder {
  readonly order: Order;
  /** Epoch milliseconds. */
  readonly bookedAt: number;
  readonly idempotencyKey: string;
  readonly proof: string;
}

/** One file the agent wrote, with the proof that it might. `input` is what the proof covers. */
export interface WrittenFile {
  readonly input: { readonly path: string; readonly text: string };
  /** Epoch milliseconds. */
  readonly writtenAt: number;
  readonly proof: string;
}

/** Appends one JSON line and returns when it is on disk. */
export function appendLine(file: string, line: BookedOrder | WrittenFile): void {
  const descriptor = openSync(file, "a", 0o600);
  try {
    appendFileSync(descriptor, `${JSON.stringify(line)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export const readOrders = (file: string): readonly BookedOrder[] => readLines(file) as readonly BookedOrder[];

export const readWrittenFiles = (file: string): readonly WrittenFile[] => readLines(file) as readonly WrittenFile[];

function readLines(file: string): readonly unknown[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line): unknown => JSON.parse(line));
}

/** `1999` becomes `$19.99`. */
export const dollars = (minor: number): string => `$${(minor / 100).toFixed(2)}`;
