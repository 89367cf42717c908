import { generateKeyPairSync, sign } from "node:crypto";
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeash } from "@leashkit/core";
import { CALL, POLICY } from "./call.ts";
import { sample, type Sampled, timed } from "./sample.ts";
import { untilStart } from "./until-start.ts";

/**
 * Measures how long calls wait for their leave, for so many milliseconds, and prints it as JSON. A process of its own and compiled,
 * as programs run it: what runs TypeScript in development adds to every function of the gate, and nothing to a signature.
 */
const [budgetMs = "20000"] = process.argv.slice(2);

/** Bytes that are signed, and that are synced: about those of one proof, and of one page. */
const SIGNED_BYTES = 600;
const SYNCED_BYTES = 4_096;

function signature(): Sampled {
  const { privateKey } = generateKeyPairSync("ed25519");
  const message = Buffer.alloc(SIGNED_BYTES, 7);
  return { name: "one Ed25519 signature", once: () => timed(() => sign(null, message, privateKey)) };
}

/** As SQLite writes a write-ahead log that no checkpoint has begun anew yet: at its end, so that the file grows, with fsync. */
function sync(file: number): Sampled {
  const page = Buffer.alloc(SYNCED_BYTES, 7);
  const once = (): Promise<number> =>
    timed(() => {
      writeSync(file, page);
      fsyncSync(file);
    });
  return { name: "one fsync", once };
}

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
  const found = await sample(candidates, { rounds: 20, samples: 50, budgetMs: Number(budgetMs) });
  writeSync(1, JSON.stringify([...found]));
} finally {
  await Promise.all([memory.close(), durable.close()]);
  closeSync(file);
  rmSync(folder, { recursive: true, force: true });
}
