import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, inject, it } from "vitest";

const state = mkdtempSync(join(tmpdir(), "leashkit-openai-"));
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** Runs an example in its folder; resolves to all it printed. */
function run(file: keyof typeof OUTPUTS): Promise<{ readonly code: number; readonly printed: string }> {
  const options = {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    env: { ...process.env, XDG_STATE_HOME: join(state, file) },
  };
  return new Promise((resolve) => {
    const compiled = inject("children")[`examples/openai/${file}`];
    execFile(process.execPath, [compiled], options, (error, stdout, stderr) => {
      // What Node itself warns of (SQLite is new to Node 22) is no word of the example.
      const failed = error !== null;
      resolve({ code: failed ? Number(error.code ?? -1) : 0, printed: failed ? stdout + stderr : stdout });
    });
  });
}

const DENIED = "Denied by policy. Do not retry this call with the same arguments.";
const FOUND = "Order A-17: one lamp, $80.00, arrived broken.";

/** What the guide says of an example, line by line. */
const OUTPUTS = {
  "defer.ts": ["somebody is told", FOUND, "Refunded $80.00 for A-17."],
  "stream.ts": [
    "user: Order A-17 arrived broken.",
    `tool: ${FOUND}`,
    "tool: Refunded $12.00 for A-17.",
    `tool: ${DENIED}`,
    `assistant: ${DENIED}`,
  ],
  "responses.ts": [DENIED, "streamed: 7 items"],
  "runner.ts": [DENIED],
  "cut-short.ts": [
    "whole: false",
    FOUND,
    "Denied: the arguments are not plain, well-formed data (the arguments are not strict JSON: a string is malformed or not " +
      "closed, at offset 16). Call again with corrected arguments.",
  ],
} satisfies Readonly<Record<string, readonly string[]>>;

describe("the examples of the guide for OpenAI-style loops", () => {
  it.each(Object.entries(OUTPUTS))(
    "%s prints what the guide says",
    async (file, lines) => {
      expect(await run(file as keyof typeof OUTPUTS)).toEqual({ code: 0, printed: `${lines.join("\n")}\n` });
    },
    60_000,
  );
});
